"""What the store hands out of a Salesforce org and of what it is to be told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from mailwake.events import CampaignId, Handle, Micros

Fields = Mapping[str, Any]


class Lane(IntEnum):
    """What is sent before what."""

    #: who wants no mail, whose mail comes back
    CONSENT = 0
    #: somebody ought to be called
    HOT = 1
    #: sums on people
    SUMS = 2
    #: rows of their own: one copy, one campaign member
    ROWS = 3
    #: what the nightly comparison found
    REPAIR = 4


@dataclass(frozen=True, kw_only=True)
class CrmPerson:
    """A Contact, Lead or person account."""

    id: str
    #: Contact, Lead or Account
    kind: str
    #: as `mailwake.store.state.address_key` makes it; None: no address, or none that is one
    address_key: str | None
    name: str = ""
    owner: str | None = None
    account: str | None = None
    #: None: hidden from us
    is_opted_out: bool | None = None
    individual: str | None = None
    created_at: Micros
    #: last activity in the org
    active_at: Micros | None = None
    #: the org's SystemModstamp
    changed_at: Micros
    #: Contact that a Lead became
    converted_to: str | None = None
    converted_at: Micros | None = None
    #: record that it was merged into
    merged_into: str | None = None
    is_deleted: bool = False
    #: has part in an open opportunity, as far as anybody asked; readings of the person leave it as it is
    has_open_deal: bool = False
    #: the fields that are ours, as the org has them
    held: Fields = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Individual:
    """What a person allows; True is a no."""

    id: str
    changed_at: Micros
    no_tracking: bool
    no_profiling: bool
    #: no mail of any kind
    no_mail: bool
    no_marketing: bool
    is_to_forget: bool


@dataclass(frozen=True, kw_only=True)
class PointConsent:
    """What a person said of one purpose, to be reached by e-mail, as the org has it."""

    id: str
    individual: str
    #: its name; empty: none
    purpose: str
    #: in the org's words
    status: str
    #: None: since ever, for ever
    begins_at: Micros | None
    ends_at: Micros | None
    changed_at: Micros

    @property
    def is_opt_out(self) -> bool:
        """Whether it is a no; one that waits for its confirmation is one too."""
        return self.status in ("OptOut", "OptOutPending")

    def holds_at(self, now: Micros) -> bool:
        """Whether it is in force."""
        return (self.begins_at or 0) <= now and (self.ends_at is None or now < self.ends_at)


@dataclass(frozen=True, kw_only=True)
class CrmUser:
    """Whom records belong to."""

    id: str
    name: str
    is_active: bool
    timezone: str
    changed_at: Micros


@dataclass(frozen=True, kw_only=True)
class Member:
    """A person in a campaign of the org."""

    id: str
    crm_campaign: str
    person: str
    status: str


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a record of the org is to have."""

    object: str
    key: str
    #: Id, or the external id that the key is of
    key_field: str = "Id"
    fields: Fields
    lane: Lane
    #: rows with the same one lock the same records
    parent: str = ""
    handle: Handle | None = None
    #: given by the store
    number: int = 0
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Why:
    """Why something was not written, in the org's words."""

    code: str
    message: str


@dataclass(frozen=True, kw_only=True)
class DeadWish:
    """One that the org refuses; somebody has to look."""

    wish: Wish
    code: str
    message: str
    first_failed_at: Micros
    failed_at: Micros


@dataclass(frozen=True, kw_only=True)
class Written:
    """What a record was last given."""

    object: str
    key: str
    record: str | None
    fields: Fields
    number: int
    at: Micros
    handle: Handle | None = None


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A line of the journal."""

    id: int = 0
    job: str
    at: Micros
    object: str
    key: str
    key_field: str
    record: str | None
    #: sent, written, refused, undone or kept
    state: str = "sent"
    #: None: there was no record
    before: Fields | None
    after: Fields
    undone_at: Micros | None = None


@dataclass(frozen=True, kw_only=True)
class JobSummary:
    """A run that wrote to the org."""

    job: str
    began_at: Micros
    #: also what was taken back since
    written: int
    refused: int
    undone: int


@dataclass(frozen=True, kw_only=True)
class CrmCampaign:
    """Which of the org's campaigns one of ours is."""

    campaign: CampaignId
    crm_id: str
    created_at: Micros


@dataclass(frozen=True, kw_only=True, slots=True)
class Closing:
    """A record that reaches a goal, or did once."""

    goal: str
    record: str
    #: told back waiting unmailed refused, as in `tables.closings`
    state: str
    #: of what was refused
    why: str = ""
    #: last looked at because it was new or had changed
    at: Micros
