"""State and events, and all the SQL there is."""
