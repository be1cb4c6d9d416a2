// Copyright 2019 The Authors. All rights reserved.
// Use of this source code is governed by a BSD-style license.

// Package cache keeps things.
package cache

import (
	"fmt"
	"os"
)

const Limit = 10

var (
	first = 1
	// ErrClosed is returned after Close.
	ErrClosed = errors.New("closed")
)

// Cache keeps things in memory.
type Cache[T any] struct {
	items map[string]T
	mu    sync.Mutex
}

type Getter interface {
	Get(key string) (string, error)
}

type (
	// ID names one.
	ID int
	Handler func(w io.Writer) error
)

// Get returns the thing for key.
func (c *Cache[T]) Get(key string) (T, error) {
	return c.items[key], nil
}

func New() *Cache[int] {
	return &Cache[int]{}
}

const maxItems = 64

// Store keeps things.
type Store interface {
	Put(key string) error
	Drop(key string)
}

type window struct {
	width, height int
}
