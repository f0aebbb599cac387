"""`mailwake report`: what happened to the mail."""

from mailwake.cli.report.reports import command

__all__ = ["command"]
