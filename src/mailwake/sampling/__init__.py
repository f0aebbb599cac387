"""Pure mathematics of what is seen in part: a rate for all from those seen, and tables without their small cells."""
