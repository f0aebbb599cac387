"""A rule: what sets it off, for whom, what it would do, and what keeps it back. It decides, and does nothing."""
