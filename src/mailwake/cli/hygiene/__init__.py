"""`mailwake hygiene`: a list of addresses looked through before it is mailed."""

from mailwake.cli.hygiene.command import command

__all__ = ["command"]
