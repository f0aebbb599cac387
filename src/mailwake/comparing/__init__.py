"""Campaigns at equal age: how fast reactions come, side by side, and why two differ."""
