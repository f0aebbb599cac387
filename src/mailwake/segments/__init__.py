"""Who did what: a small language for choosing people, compiled to questions of the event store, kept and counted."""
