"""Goals: what a shop may say that somebody reached, what it was worth, and the ways to say it."""
