package storage

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

// Get returns a value and marks it as used just now.
func (c *Cache) Get(key string) ([]byte, bool) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	element, found := c.entries[key]
	if !found {
		return nil, false
	}
	c.order.MoveToFront(element)
	return element.Value.(*entry).value, true
}

// evictOldest drops the least recently used value.
func (c *Cache) evictOldest() {
	last := c.order.Back()
	c.order.Remove(last)
	delete(c.entries, last.Value.(*entry).key)
}

// PurgeExpired removes everything whose time is over.
func (c *Cache) PurgeExpired(now time.Time) int {
	removed := 0
	for element := c.order.Front(); element != nil; {
		next := element.Next()
		if item := element.Value.(*entry); item.expires.Before(now) {
			c.order.Remove(element)
			delete(c.entries, item.key)
			removed++
		}
		element = next
	}
	return removed
}
