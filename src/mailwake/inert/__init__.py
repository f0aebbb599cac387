"""Of whom nothing may be recorded any more: who that is, the file that says so, who keeps it and who asks it.

Withdrawal reaches mail that is already delivered, so every process that records hits asks this set before it writes.
Where nobody can say who is in it (no file, a damaged one, one that is no longer kept), everybody is.
"""
