"""`mailwake suppressions`: who gets no mail, and why; lists in and out; incidents and how they are undone."""

from mailwake.cli.suppressions.command import command

__all__ = ["command"]
