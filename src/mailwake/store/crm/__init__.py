"""What stands between this installation and a Salesforce org: its people, what it is to be told, what it was told.

The same database as the state store, so that how far something was followed and what follows from it are one
transaction. Synchronous; every method is one transaction and safe from any thread and from several processes at once.

Raises everywhere: `Unavailable` when the database cannot be reached or stays locked.
"""

from __future__ import annotations

from pathlib import Path

from mailwake.store.crm.closings import Closings
from mailwake.store.crm.journal import Journal
from mailwake.store.crm.outbox import Outbox
from mailwake.store.crm.persons import Persons
from mailwake.store.crm.rows import (
    Closing,
    CrmCampaign,
    CrmPerson,
    CrmUser,
    DeadWish,
    Entry,
    Fields,
    Individual,
    JobSummary,
    Lane,
    Member,
    PointConsent,
    Why,
    Wish,
    Written,
)
from mailwake.store.state.engine import open_database

__all__ = [
    "Closing",
    "CrmCampaign",
    "CrmPerson",
    "CrmStore",
    "CrmUser",
    "DeadWish",
    "Entry",
    "Fields",
    "Individual",
    "JobSummary",
    "Lane",
    "Member",
    "PointConsent",
    "Why",
    "Wish",
    "Written",
    "open_crm",
]


class CrmStore(Persons, Outbox, Journal, Closings):
    """Its methods stand in the parts it is made of."""


def open_crm(path: Path | str) -> CrmStore:
    """The store at a path: the state store's SQLite file, brought to the newest schema.

    Raises:
        Unavailable: it cannot be opened, is damaged, or was made by a newer Mailwake.
    """
    return CrmStore(open_database(Path(path)))
