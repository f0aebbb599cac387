"""Pure mathematics; no word of the trade in it."""
