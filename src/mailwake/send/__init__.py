"""Hand it to the world: the SMTP relay, and merge-and-send."""
