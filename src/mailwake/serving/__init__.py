"""How colleagues reach the dashboard: the server, who is let in and how many at once, where it runs, kept answers."""
