"""What proves that a decision in the table was made by this installation, and is as it was."""

from __future__ import annotations

from mailwake.detours.signing import Seal, is_same
from mailwake.store.watch import Decision


def seal_of(decision: Decision, seal: Seal) -> str:
    """What proves that a decision was made by this installation."""
    each = decision
    return seal.of_decision(each.template, each.number, each.href, each.kind, each.to, each.at, each.by, each.why)


def is_sealed(decision: Decision, seal: Seal) -> bool:
    """Whether a line of the table was written by this installation, and is as it was."""
    return is_same(decision.seal, seal_of(decision, seal))
