"""`mailwake score`: one person's score with its ledger, the head of the list, and what another model would change."""

from mailwake.cli.score.command import command

__all__ = ["command"]
