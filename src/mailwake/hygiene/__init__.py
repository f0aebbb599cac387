"""A list of addresses looked through before it is mailed, and whom to pause of those known by the day alone."""
