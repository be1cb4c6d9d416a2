package net

import "time"

// Retry calls a function until it succeeds, with a pause that doubles each time.
func Retry(attempts int, pause time.Duration, call func() error) error {
	var err error
	for i := 0; i < attempts; i++ {
		if err = call(); err == nil {
			return nil
		}
		time.Sleep(pause)
		pause *= 2
	}
	return err
}
