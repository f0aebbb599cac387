"""What the reader's client touches: pixel, click, unsubscribe, preferences."""
