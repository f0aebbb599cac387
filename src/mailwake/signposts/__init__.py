"""Pages that lead to others: people to look for, what the installation is set to, and the viewer's time zone."""
