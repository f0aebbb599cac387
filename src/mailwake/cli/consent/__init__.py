"""`mailwake consent`: what people said about being watched; lists in and out, proofs, the chain, profiles and texts."""

from mailwake.cli.consent.commands import command

__all__ = ["command"]
