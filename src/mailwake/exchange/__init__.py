"""Hits that others logged, in the format that `mailwake judge` reads."""
