"""What the store hands out of erasures and errands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mailwake.events import Handle, Micros


@dataclass(frozen=True, kw_only=True)
class Erasure:
    """One person who was erased."""

    id: int
    #: keyed hash of the address; empty: it was not known any more
    digest: str
    handle: Handle
    at: Micros
    by: str
    #: suppressions and withdrawals that hold for the address should it come back
    kept: Mapping[str, Any]
    #: what is still to be done in the org; None: nothing
    org: Mapping[str, Any] | None
    certificate: Mapping[str, Any]
    #: None: something is still to be done
    finished_at: Micros | None


@dataclass(frozen=True, kw_only=True)
class Errand:
    """What is asked of the process that owns the event store."""

    id: int
    kind: str
    asked: Mapping[str, Any]
    asked_at: Micros
    #: None: nobody has done it yet
    done_at: Micros | None
    #: why it could not be done; None: it could
    problem: str | None
