"""HTML in, tracked HTML out: links, pixel, headers; templates compiled once and rendered per recipient."""
