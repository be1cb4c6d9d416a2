package lru

import (
	"container/list"
	"sync"
	"time"
)

// Cache keeps the values that were used last and throws away the oldest ones.
type Cache struct {
	mutex    sync.Mutex
	capacity int
	order    *list.List
	entries  map[string]*list.Element
}

type entry struct {
	key     string
	value   []byte
	expires time.Time
}

// evictOldest drops the least recently used value.
func (c *Cache) evictOldest() {
	last := c.order.Back()
	c.order.Remove(last)
	delete(c.entries, last.Value.(*entry).key)
}
