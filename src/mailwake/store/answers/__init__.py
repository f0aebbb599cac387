"""Answers of the event store, kept for as long as they may be given, over stops as well."""
