"""A list of addresses looked through before it is mailed: what cannot arrive, what looks mistyped, what to know."""
