"""JSON API and dashboard."""
