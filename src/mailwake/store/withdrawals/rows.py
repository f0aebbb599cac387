"""What the store of withdrawals hands out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from mailwake.events import Handle, Micros


class Line(NamedTuple):
    """A line of the consent ledger."""

    #: ever higher
    id: int
    handle: Handle
    #: opens, clicks or both
    axis: str
    #: a word of `mailwake.store.state.Consent`
    state: str
    at: Micros
    source: str


class Said(NamedTuple):
    """From when until when somebody refused to be watched on an axis."""

    since: Micros
    #: when they agreed again; None: they did not
    until: Micros | None


#: axis to the refusals on it, oldest first
Spans = Mapping[str, tuple[Said, ...]]


class Stop(NamedTuple):
    """Recording was stopped or taken up again for everybody, on one axis."""

    #: opens or clicks
    axis: str
    is_stopped: bool
    #: taken up again for mail that was sent after this; None: for all mail
    only_after: Micros | None
    at: Micros
    #: who did it
    by: str
    why: str
