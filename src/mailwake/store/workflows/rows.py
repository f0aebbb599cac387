"""What the store hands out of rules and their decisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from mailwake.events import Handle, Micros


class Decision(StrEnum):
    """What a rule decided about somebody."""

    #: its actions are done
    ENTERED = "entered"
    #: its actions wait for the end of quiet hours
    DEFERRED = "deferred"
    #: a guard said no
    REFUSED = "refused"
    #: it was entered, and what it rested on was withdrawn
    REVERSED = "reversed"


@dataclass(frozen=True, kw_only=True)
class RuleState:
    """What is kept of a rule beside its file."""

    name: str
    #: hash of what it says
    version: str
    #: nothing that happened before makes it act
    started_at: Micros
    is_on: bool = True
    changed_at: Micros
    #: who switched it, or why it switched itself off
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class RuleEntry:
    """One decision of one rule."""

    id: int = 0
    rule: str
    version: str
    #: that led to it; the same one never leads to a second decision
    event: int
    #: whom repeats are counted for: a person or an account
    subject: str
    handle: Handle
    #: when it happened
    at: Micros
    decided_at: Micros
    decision: Decision
    #: a word of `mailwake.rules.guards.REASONS`; empty: nothing was in the way
    why: str = ""
    #: when it may be acted upon
    due_at: Micros
    #: of `due_at`, where its owner is
    day: str
    #: user of the org who is to act
    owner: str | None = None
    #: event whose verdict it rests on; None: on none
    rests_on: int | None = None
    #: what is told of it, without names or addresses
    facts: Mapping[str, Any] = field(default_factory=dict)
    #: kind of action to what became of it
    actions: Mapping[str, Any] = field(default_factory=dict)
    #: something is still to be done, not before `next_at`
    is_open: bool = False
    next_at: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """How often a rule decided what."""

    entered: int = 0
    deferred: int = 0
    refused: int = 0
    reversed: int = 0
    #: of the last that was entered; None: none was
    last_at: Micros | None = None
