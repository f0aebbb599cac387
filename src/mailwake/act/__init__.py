"""Answers that do something."""
