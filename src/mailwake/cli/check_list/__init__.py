"""`mailwake check-list`: a list of addresses looked through before it is mailed."""

from mailwake.cli.check_list.command import command

__all__ = ["command"]
