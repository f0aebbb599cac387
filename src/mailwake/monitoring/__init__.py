"""What an installation says of itself: counts that must add up, metrics, health.

Reads what the roles report into the data folder and what the log holds; changes nothing and asks no database, so it
answers also when everything else is in trouble.
"""
