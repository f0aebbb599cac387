"""What a line of the audit log holds, and how it is sealed."""

from __future__ import annotations

import hashlib
from dataclasses import astuple, dataclass

import msgspec

from mailwake.events import Micros

#: what the first line of all is chained to
GENESIS = "0" * 64
#: in front of what is hashed: another format gets another word, so that no line means two things
_FORMAT = b"mailwake audit 1\n"


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What happened, before it has a place in the chain."""

    at: Micros
    #: user, key, command line, system or unnamed
    actor_kind: str
    actor: str
    #: for whom they acted, where they said so
    on_behalf: str | None = None
    #: a word of `mailwake.audit.words.Action`
    action: str
    object_kind: str
    #: a name, a number or a handle; never an address
    object: str
    #: ok, denied or failed
    outcome: str
    #: what held before, as JSON; None: nothing was compared
    before: str | None = None
    #: the same afterwards
    after: str | None = None
    #: of the request that it came with
    request: str | None = None


@dataclass(frozen=True, kw_only=True)
class AuditLine(Draft):
    """A line in its place."""

    #: from 1, without gaps
    number: int
    #: hash of the line before, 64 hexadecimal digits
    previous: str
    #: of this one
    hash: str


@dataclass(frozen=True, kw_only=True)
class AuditCut:
    """Up to where lines were let go of: the chain begins anew after it."""

    #: of the last line that is gone
    number: int
    #: its hash
    hash: str
    at: Micros
    #: over the three, by a key of the installation; empty: there was none
    signature: str


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which lines are asked for; empty: any."""

    action: str = ""
    actor: str = ""
    outcome: str = ""
    #: an object, such as the handle of a recipient
    object_kind: str = ""
    object: str = ""


def digest(draft: Draft, *, number: int, previous: str) -> str:
    """The hash of a line: SHA-256 over its fields and the hash before, as one JSON array in the order of `Draft`.

    Args:
        draft: what happened.
        number: its place in the chain, from 1.
        previous: hash of the line before, or `GENESIS`.

    Returns:
        64 hexadecimal digits.
    """
    facts = [number, previous, *astuple(draft)[: len(Draft.__dataclass_fields__)]]
    return hashlib.sha256(_FORMAT + msgspec.json.encode(facts)).hexdigest()
