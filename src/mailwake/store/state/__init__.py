"""Who may be mailed, and what was sent: the store of everything that has state.

There is no row per delivery here; those are events. All of it goes through SQLAlchemy Core, without an ORM, on one
code path: SQLite now, PostgreSQL by another URL. Synchronous; every method is one transaction and safe from any thread
and from several processes at once. Times come in as arguments.

Raises everywhere: `Unavailable` when the database cannot be reached or stays locked.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path

from mailwake.store.consent.asking import ConsentRequests
from mailwake.store.consent.ledger import Consents
from mailwake.store.consent.rows import ConsentEntry, ConsentText, Held, Proof
from mailwake.store.consent.texts import ConsentTexts
from mailwake.store.postmaster.told import Told
from mailwake.store.state.address import address_key, split_address
from mailwake.store.state.campaigns import Campaigns
from mailwake.store.state.domains import Domains
from mailwake.store.state.engine import Database, open_database
from mailwake.store.state.experiments import Experiments
from mailwake.store.state.goals import Goals
from mailwake.store.state.jobs import Jobs
from mailwake.store.state.people import People
from mailwake.store.state.refusals import Refusals
from mailwake.store.state.rows import (
    Axis,
    Campaign,
    Consent,
    Exchangers,
    Experiment,
    Goal,
    Incident,
    IncidentKind,
    Job,
    Leave,
    LinkRow,
    Recipient,
    Refusal,
    Route,
    Segment,
    Standing,
    Suppression,
    TemplateRow,
    Unsubscribe,
    UnsubscribeAct,
)
from mailwake.store.state.segments import Segments
from mailwake.store.state.standing import Standings
from mailwake.store.state.suppressions import Suppressions
from mailwake.store.state.unsubscribes import HELD_REASON, IMPORTED, Unsubscribes

__all__ = [
    "HELD_REASON",
    "IMPORTED",
    "Axis",
    "Campaign",
    "Consent",
    "ConsentEntry",
    "ConsentText",
    "Exchangers",
    "Experiment",
    "Goal",
    "Held",
    "Incident",
    "IncidentKind",
    "Job",
    "Leave",
    "LinkRow",
    "Proof",
    "Recipient",
    "Refusal",
    "Route",
    "Segment",
    "Standing",
    "StateStore",
    "Suppression",
    "TemplateRow",
    "Unsubscribe",
    "UnsubscribeAct",
    "address_key",
    "open_state",
    "split_address",
]


def _random_handle() -> int:
    return secrets.randbelow(2**63 - 1) + 1


class StateStore(
    Campaigns,
    People,
    Consents,
    ConsentTexts,
    ConsentRequests,
    Suppressions,
    Refusals,
    Unsubscribes,
    Standings,
    Domains,
    Segments,
    Experiments,
    Goals,
    Jobs,
    Told,
):
    """The state store. Its methods stand in the parts it is made of.

    Args:
        database: an open, migrated database.
        new_handle: makes a random handle, 1 to 2**63 - 1.
    """

    def __init__(self, database: Database, *, new_handle: Callable[[], int] = _random_handle) -> None:
        super().__init__(database)
        self._new_handle = new_handle


def open_state(path: Path | str, *, new_handle: Callable[[], int] = _random_handle) -> StateStore:
    """The state store at a path, created where there is none, and brought to the newest schema.

    Args:
        path: the SQLite file, ``<data>/state.sqlite``.
        new_handle: makes a random handle, 1 to 2**63 - 1; for tests.

    Raises:
        Unavailable: it cannot be opened, is damaged, or was made by a newer Mailwake.
    """
    return StateStore(open_database(Path(path)), new_handle=new_handle)
