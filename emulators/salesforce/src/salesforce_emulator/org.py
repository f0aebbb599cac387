"""One org: everything that outlives a request. Nothing here is global, so that tests may have as many as they like."""

from __future__ import annotations

import random
import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .access import Access, User
from .clock import Clock, stamp
from .faults import Faults
from .ids import Numbering
from .locks import Locks
from .refusals import NotEmulated
from .schema import Schema, SObject
from .tables import Record, Store
from .usage import Usage

#: Versions that answer. Up to 30 they are retired (410); beyond the last they are not there yet (404).
#: Source: https://developer.salesforce.com/docs/platform/api-rest/guide/api-rest-eol.html
OLDEST_VERSION, NEWEST_VERSION = 31, 68


@dataclass
class Settings:
    """What a test may choose about an org; changed while it runs through `/__emu/settings`."""

    has_person_accounts: bool = False
    #: Requests in 24 hours; an Enterprise Edition with 15 licences has this many, and the recordings' org too.
    daily_requests: int = 115_000
    #: None: as much room as wanted. Else records that are not deleted.
    max_records: int | None = None
    #: How often a Bulk job has to be asked for before it is done.
    bulk_polls: int = 1
    #: Seconds that 200 rows of a Bulk batch take; more than the wait for a lock makes parallel batches collide.
    bulk_chunk_seconds: float = 0.2
    #: Rows of a Bulk batch.
    bulk_batch_rows: int = 10_000
    session_seconds: float = 7200.0
    #: Reads go on, writes are refused.
    is_in_maintenance: bool = False
    #: Rows of a query page; the org's own default and most.
    page_rows: int = 2000
    #: Bugs put in on purpose, to see whether the tests notice: see `mutations.py`.
    mutations: list[str] = field(default_factory=list)


@dataclass
class App:
    """A connected app or external client app that may ask for tokens."""

    client_id: str
    client_secret: str | None = None
    #: PEM of the certificate or public key that signs its assertions; None: revoked or never given.
    certificate: str | None = None
    #: Users that an administrator let in.
    approved: set[str] = field(default_factory=set)
    #: Username that client credentials run as.
    run_as: str | None = None


@dataclass
class Session:
    """A token and how long it holds."""

    token: str
    user: User
    expires_at: datetime
    client_id: str


class Org:
    """The state of one org."""

    def __init__(self, settings: Settings | None = None, *, clock: Clock | None = None, seed: int = 0) -> None:
        self.settings = settings or Settings()
        self.clock = clock or Clock()
        self.random = random.Random(seed)  # noqa: S311 - tokens must be the same in every run
        self.monitor = threading.RLock()
        self.numbering = Numbering()
        self.schema = Schema(has_person_accounts=self.settings.has_person_accounts)
        self.store = Store()
        self.access = Access(self.schema)
        self.locks = Locks(self.clock, self.monitor)
        self.faults = Faults()
        self.usage = Usage(self.clock)
        self.rules: list[dict[str, Any]] = []
        self.duplicate_rules: list[dict[str, Any]] = []
        self.list_views: list[dict[str, Any]] = []
        self.users: dict[str, User] = {}
        self.apps: dict[str, App] = {}
        self.sessions: dict[str, Session] = {}
        self.jobs: dict[str, Any] = {}
        self.cursors: dict[str, Any] = {}
        self.deployments: dict[str, Any] = {}
        self.events: list[dict[str, Any]] = []
        self.unknown: list[dict[str, Any]] = []
        self.requests: deque[dict[str, Any]] = deque(maxlen=10_000)
        self._found()

    def _found(self) -> None:
        """The records that every org has: itself, its users and their profiles."""
        self.id = self.numbering.next("00D")
        admin_profile, standard = self.numbering.next("00e"), self.numbering.next("00e")
        self.admin = self.add_user("admin@example.com", "Admin", is_admin=True, profile=admin_profile)
        self.integration = self.add_user("integration@example.com", "Integration", profile=standard)
        self.actor = self.admin
        for record_id, name in (
            (admin_profile, "System Administrator"),
            (standard, "Minimum Access - API Only Integrations"),
        ):
            self.insert("Profile", {"Id": record_id, "Name": name, "UserType": "Standard"})
        self.insert(
            "Organization",
            {
                "Id": self.id,
                "Name": "Emulated",
                "OrganizationType": "Enterprise Edition",
                "InstanceName": "EMU1",
                "Country": "US",
            },
        )
        self.insert("RecordType", {"Name": "Business", "DeveloperName": "Business_Account", "SobjectType": "Account"})
        self.store.settle()

    def add_user(self, username: str, name: str, *, is_admin: bool = False, profile: str | None = None) -> User:
        """A user with its record."""
        user = User(self.numbering.next("005"), username, name, is_admin)
        self.users[username] = user
        self.actor = getattr(self, "actor", user)
        row = {
            "Id": user.id,
            "Username": username,
            "LastName": name,
            "Name": name,
            "Email": username,
            "Alias": name[:8],
        }
        self.insert("User", row | {"IsActive": True, "UserType": "Standard", "ProfileId": profile})
        return user

    def now(self) -> str:
        """The present second, as records hold it."""
        return stamp(self.clock.now())

    def sobject(self, name: str) -> SObject:
        """An object that is known to exist."""
        found = self.schema.get(name)
        if found is None:
            raise NotEmulated(f"object {name}")
        return found

    def blank(self, sobject: SObject, record_id: str) -> Record:
        """A new record with the org's defaults in it."""
        now = self.now()
        record = sobject.blank | {"Id": record_id, "CreatedDate": now, "LastModifiedDate": now, "SystemModstamp": now}
        return record | {"CreatedById": self.actor.id, "LastModifiedById": self.actor.id, "IsDeleted": False}

    def insert(self, name: str, values: dict[str, Any]) -> str:
        """A record past all rules: for what the org makes itself."""
        sobject = self.sobject(name)
        record_id = values.get("Id") or self.numbering.next(sobject.prefix)
        self.store.put(sobject, record_id, self.blank(sobject, record_id) | values | {"Id": record_id})
        return str(record_id)

    def record(self, record_id: str | None) -> Record | None:
        """A record by its id, deleted or not."""
        sobject = self.schema.of_id(record_id) if record_id else None
        return self.store.table(sobject).records.get(record_id or "") if sobject else None

    def is_mutated(self, name: str) -> bool:
        """Whether a bug was put in on purpose."""
        return name in self.settings.mutations
