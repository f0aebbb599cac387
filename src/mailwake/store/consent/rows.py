"""What is kept of consent, as rows."""

from __future__ import annotations

from dataclasses import dataclass

from mailwake.events import Handle, Micros
from mailwake.store.state.rows import Axis, Consent

_NOT_YET = Micros(0)


@dataclass(frozen=True, kw_only=True)
class Proof:
    """How it is known that somebody said something. No address of theirs: the line outlives their erasure."""

    #: one of `mailwake.consents.words.METHODS`; empty: as the source tells
    method: str = ""
    #: number of the text that they were shown; None: not known
    text: int | None = None
    #: SHA-256 of that text, hex; empty: not known
    text_sha256: str = ""
    #: language of that text
    locale: str = ""
    #: who wrote it down: a colleague, a program, or `recipient`
    actor: str = ""
    #: page on which it was said, without query
    url: str = ""
    #: anything else that shows it, such as the number of a form
    proof: str = ""
    #: when it was written down; None: when it was said
    noted_at: Micros | None = None


NO_PROOF = Proof()


@dataclass(frozen=True, kw_only=True)
class ConsentEntry:
    """One line of the consent ledger; lines are added, never changed."""

    handle: Handle
    axis: Axis
    state: Consent
    #: when it was said
    at: Micros
    #: who reported it: edge, api, salesforce, import, ...
    source: str
    #: when it was written down; 0: not yet
    noted_at: Micros = _NOT_YET
    method: str = ""
    text: int | None = None
    text_sha256: str = ""
    locale: str = ""
    actor: str = ""
    url: str = ""
    proof: str = ""
    #: place in the ledger; 0: not written yet
    number: int = 0
    #: hex hashes of the line before and of this one
    previous: str = ""
    hash: str = ""


@dataclass(frozen=True, kw_only=True)
class Held:
    """What holds of a recipient on one axis."""

    state: Consent
    at: Micros


@dataclass(frozen=True, kw_only=True)
class ConsentText:
    """A text that people agreed to."""

    id: int
    locale: str
    #: hex
    sha256: str
    text: str
    since: Micros


@dataclass(frozen=True, kw_only=True)
class Head:
    """The end of the chain."""

    #: of the last line; 0: there is none
    number: int
    #: hex
    hash: str
