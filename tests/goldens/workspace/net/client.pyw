"""Talking to remote services."""

import random
import time
import urllib.request


def fetch_with_retry(url, attempts=3, base_delay=0.5):
    """Download a page, waiting longer after every failure."""
    for attempt in range(attempts):
        try:
            with urllib.request.urlopen(url, timeout=10) as response:
                return response.read()
        except OSError:
            if attempt == attempts - 1:
                raise
            time.sleep(base_delay * 2**attempt + random.random())
    return b""


class RateLimiter:
    """A token bucket: allows a number of calls per second."""

    def __init__(self, rate, burst):
        self.rate = rate
        self.tokens = burst
        self.burst = burst
        self.updated = time.monotonic()

    def acquire(self):
        now = time.monotonic()
        self.tokens = min(self.burst, self.tokens + (now - self.updated) * self.rate)
        self.updated = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


def parse_headers(lines):
    """Split raw header lines into names and values."""
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return headers
