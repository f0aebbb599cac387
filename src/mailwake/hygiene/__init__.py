"""Whom to pause: recipients in mode `deliverability` who have not opened for a while. Names, and never a day."""
