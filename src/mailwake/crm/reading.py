"""Reads the org's people: what changed since the last time, who was merged, converted or deleted, what they allow.

By `SystemModstamp`, oldest first, a little before where the last reading ended: clocks differ, and a record may become
visible after one with a later stamp. What comes twice changes nothing. Who was deleted is told by the recycle bin for
fifteen days; after a longer pause all ids are read, and who is not among them any more is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

from mailwake.crm.fields import CONSENT_OF_POINT
from mailwake.errors import BadInput
from mailwake.events import Micros
from mailwake.salesforce import soql
from mailwake.salesforce.describe import ObjectShape
from mailwake.salesforce.records import Org, as_micros
from mailwake.store.crm import CrmPerson, CrmStore, CrmUser, Individual, Member, PointConsent
from mailwake.store.state import address_key

OVERLAP = 300_000_000
#: The bin tells of what was deleted for fifteen days, a day less to be sure.
#: Source: https://help.salesforce.com/s/articleView?id=xcloud.recycle_bin_view_restore_purge.htm
BIN = 14 * 86_400_000_000
_PAGE = 2_000
#: the fields read of each kind of person, in the org's words, by what we call them
_CONTACT = {
    "id": "Id", "email": "Email", "name": "Name", "owner": "OwnerId", "account": "AccountId",
    "is_opted_out": "HasOptedOutOfEmail", "individual": "IndividualId", "created_at": "CreatedDate",
    "active_at": "LastActivityDate", "changed_at": "SystemModstamp", "is_person_account": "IsPersonAccount",
}  # fmt: skip
_LEAD = {
    **{ours: theirs for ours, theirs in _CONTACT.items() if ours not in ("account", "is_person_account")},
    "converted_to": "ConvertedContactId", "converted_at": "ConvertedDate",
}  # fmt: skip
_ACCOUNT = {
    "id": "Id", "account": "PersonContactId", "email": "PersonEmail", "name": "Name", "owner": "OwnerId",
    "is_opted_out": "PersonHasOptedOutOfEmail", "individual": "PersonIndividualId", "created_at": "CreatedDate",
    "active_at": "LastActivityDate",
    "changed_at": "SystemModstamp", "is_person_account": "IsPersonAccount",
}  # fmt: skip
KINDS: Mapping[str, Mapping[str, str]] = {"Contact": _CONTACT, "Lead": _LEAD, "Account": _ACCOUNT}
_INDIVIDUAL = {
    "no_tracking": "HasOptedOutTracking", "no_profiling": "HasOptedOutProfiling", "no_mail": "HasOptedOutProcessing",
    "no_marketing": "HasOptedOutSolicit", "is_to_forget": "ShouldForget",
}  # fmt: skip
_POINT = ("PartyId", "DataUsePurposeId", "PrivacyConsentStatus", "EffectiveFrom", "EffectiveTo")
T = TypeVar("T")


@dataclass(kw_only=True)
class Reading:
    """What a reading brought."""

    people: int = 0
    gone: int = 0
    merged: int = 0
    #: ids of people who changed or went
    touched: set[str] = field(default_factory=set)
    #: ids of Individual records that changed
    individuals: set[str] = field(default_factory=set)
    #: fields that are hidden from us, object.field
    hidden: tuple[str, ...] = ()


class Reader:
    """Reads one org.

    Args:
        org: where from.
        store: where to.
        ours: by object, the fields that we write.
        wall: gives microseconds since 1970.
    """

    def __init__(
        self, org: Org, store: CrmStore, ours: Mapping[str, Iterable[str]], *, wall: Callable[[], int]
    ) -> None:
        self._org, self._store, self._ours, self._wall = org, store, ours, wall
        self._shapes: dict[str, ObjectShape | None] = {}

    def shape(self, of: str) -> ObjectShape | None:
        """What we may see of an object; None: nothing."""
        if of not in self._shapes:
            self._shapes[of] = self._org.shape(of)
        return self._shapes[of]

    def forget_shapes(self) -> None:
        """Ask anew what we may see and write."""
        self._shapes.clear()

    def read(self, progress: Callable[[str, int], None] = lambda _kind, _count: None) -> Reading:
        """Read what changed.

        Args:
            progress: told the kind and how many of it were read so far.
        """
        done = Reading()
        for kind in KINDS:
            self._read_kind(kind, done, progress)
        self._read_individuals(done)
        self._read_point_consents(done)
        self._read_users()
        self._read_members()
        done.hidden = tuple(self._hidden())
        return done

    def _read_kind(self, kind: str, done: Reading, progress: Callable[[str, int], None]) -> None:
        shape = self.shape(kind)
        wanted = self._wanted(kind, shape)
        if shape is None or (kind == "Account" and "IsPersonAccount" not in shape.fields):
            return
        only = {"Account": " AND IsPersonAccount = true"}.get(kind, "")
        if kind == "Contact" and "IsPersonAccount" in shape.fields:
            only = " AND IsPersonAccount = false"
        count = 0
        for rows, marks in self._changed(kind, kind, [*wanted.values(), *self._written(kind, shape)], only):
            people = [_person(kind, row, wanted, self._written(kind, shape)) for row in rows]
            self._store.put_people(people, marks=marks)
            done.touched |= {person.id for person in people}
            count += len(people)
            progress(kind, count)
        done.people += count
        self._read_gone(kind, shape, done)
        self._read_missing(kind, only, done)

    def _wanted(self, kind: str, shape: ObjectShape | None) -> dict[str, str]:
        known = shape.fields if shape else {}
        return {ours: theirs for ours, theirs in KINDS[kind].items() if theirs in known}

    def _written(self, kind: str, shape: ObjectShape) -> list[str]:
        return [name for name in self._ours.get(kind, ()) if name in shape.fields]

    def _hidden(self) -> Iterator[str]:
        for kind, wanted in KINDS.items():
            if (shape := self.shape(kind)) is not None and (kind != "Account" or "IsPersonAccount" in shape.fields):
                missing = [theirs for theirs in wanted.values() if theirs not in shape.fields]
                yield from (f"{kind}.{name}" for name in missing if name not in ("IsPersonAccount", "IndividualId"))

    def _changed(
        self, name: str, of: str, fields: Iterable[str], only: str = ""
    ) -> Iterator[tuple[list[dict[str, Any]], dict[str, Micros]]]:
        """Rows that changed since the last time, a page at a time, each with the mark to keep with it."""
        since = (self._store.mark(f"read:{name}") or OVERLAP) - OVERLAP
        where = f"SystemModstamp >= {soql.moment(max(since, 0))}{only}"
        rows = self._org.query(soql.select(dict.fromkeys(fields), of, where, "SystemModstamp, Id"))
        while page := list(islice(rows, _PAGE)):
            yield page, {f"read:{name}": Micros(as_micros(page[-1]["SystemModstamp"]) or 0)}

    def _read_gone(self, kind: str, shape: ObjectShape, done: Reading) -> None:
        """Who was deleted or merged; of merges the bin tells for two weeks who the others are now."""
        name = f"gone:{kind}"
        since = (self._store.mark(name) or OVERLAP) - OVERLAP
        fields = ["Id", "SystemModstamp", *(["MasterRecordId"] if "MasterRecordId" in shape.fields else [])]
        where = f"IsDeleted = true AND SystemModstamp >= {soql.moment(max(since, 0))}"
        found = list(self._org.query(soql.select(fields, kind, where, "SystemModstamp, Id"), deleted_too=True))
        into = {row["Id"]: row["MasterRecordId"] for row in found if row.get("MasterRecordId")}
        gone = self._store.bury([row["Id"] for row in found], merged=into)
        done.gone += len(gone)
        done.merged += len(set(gone) & set(into))
        done.touched |= set(gone) | {into[each] for each in gone if each in into}
        if found:
            self._store.put_mark(name, as_micros(found[-1]["SystemModstamp"]) or 0)

    def _read_missing(self, kind: str, only: str, done: Reading) -> None:
        """Who went while nobody asked for so long that the bin has forgotten them."""
        name, now = f"asked:{kind}", self._wall()
        last = self._store.mark(name)
        if last is not None and now - last > BIN:
            rows = self._org.query(soql.select(["Id"], kind, f"Id != null{only}", "Id"))
            there = {row["Id"] for row in rows}
            gone = self._store.bury(self._store.ids_of(kind) - there)
            done.gone += len(gone)
            done.touched |= set(gone)
        self._store.put_mark(name, now)

    def _read_individuals(self, done: Reading) -> None:
        shape = self.shape("Individual")
        if shape is None:
            return
        wanted = {ours: theirs for ours, theirs in _INDIVIDUAL.items() if theirs in shape.fields}
        for rows, marks in self._changed("Individual", "Individual", ["Id", "SystemModstamp", *wanted.values()]):
            found = [_individual(row, wanted) for row in rows]
            self._store.put_individuals(found, marks=marks)
            done.individuals |= {each.id for each in found}

    def _read_point_consents(self, done: Reading) -> None:
        """What people said of single purposes, where the org keeps that and lets us see it."""
        shape = self.shape(CONSENT_OF_POINT)
        if shape is None or any(name not in shape.fields for name in _POINT):
            return
        only = " AND ContactPointType = 'Email'"
        for rows, marks in self._changed(CONSENT_OF_POINT, CONSENT_OF_POINT, ["Id", "SystemModstamp", *_POINT], only):
            names = self._purposes({row["DataUsePurposeId"] for row in rows if row["DataUsePurposeId"]})
            found = [_point(row, names) for row in rows if row["PartyId"]]
            self._store.put_point_consents(found, marks=marks)
            done.individuals |= {each.individual for each in found}

    def _purposes(self, ids: set[str]) -> dict[str, str]:
        if not ids or self.shape("DataUsePurpose") is None:
            return {}
        found = self._org.read("DataUsePurpose", sorted(ids), ["Id", "Name"])
        return {id_: str(row["Name"] or "")[:255] for id_, row in found.items()}

    def _read_users(self) -> None:
        shape = self.shape("User")
        if shape is None:
            return
        fields = ["Id", "Name", "IsActive", "TimeZoneSidKey", "SystemModstamp"]
        if any(name not in shape.fields for name in fields):
            return
        for rows, marks in self._changed("User", "User", fields):
            self._store.put_users(map(_user, rows), marks=marks)

    def _read_members(self) -> None:
        """Who is in those of the org's campaigns that are ours too."""
        campaigns = sorted(set(self._store.crm_campaigns().values()))
        if not campaigns or self.shape("CampaignMember") is None:
            return
        fields = ["Id", "CampaignId", "ContactId", "LeadId", "Status", "SystemModstamp"]
        for part in soql.each_in("CampaignId", campaigns):
            for rows, marks in self._changed("CampaignMember", "CampaignMember", fields, f" AND {part}"):
                self._store.put_members(map(_member, rows), marks=marks)


def _person(kind: str, row: Mapping[str, Any], wanted: Mapping[str, str], written: Iterable[str]) -> CrmPerson:
    told = {ours: row.get(theirs) for ours, theirs in wanted.items()}
    return CrmPerson(
        id=row["Id"],
        kind=kind,
        address_key=key_of(told.get("email")),
        name=str(told.get("name") or "")[:200],
        owner=told.get("owner"),
        account=told.get("account"),
        is_opted_out=told.get("is_opted_out"),
        individual=told.get("individual"),
        created_at=Micros(as_micros(told.get("created_at")) or 0),
        active_at=_day(told.get("active_at")),
        changed_at=Micros(as_micros(row["SystemModstamp"]) or 0),
        converted_to=told.get("converted_to"),
        converted_at=_day(told.get("converted_at")),
        held={name: row.get(name) for name in written},
    )


def key_of(address: object) -> str | None:
    """The key that an address is found by; None: it is none, for orgs keep what people once typed."""
    if not isinstance(address, str) or not address:
        return None
    try:
        return address_key(address)
    except BadInput:
        return None


def _day(text: str | None) -> Micros | None:
    if text is None:
        return None
    micros = as_micros(text if "T" in text else f"{text}T00:00:00.000+0000")
    return None if micros is None else Micros(micros)


def _individual(row: Mapping[str, Any], wanted: Mapping[str, str]) -> Individual:
    told = {ours: bool(row.get(wanted[ours])) if ours in wanted else False for ours in _INDIVIDUAL}
    return Individual(id=row["Id"], changed_at=Micros(as_micros(row["SystemModstamp"]) or 0), **told)


def _point(row: Mapping[str, Any], purposes: Mapping[str, str]) -> PointConsent:
    begins, ends = as_micros(row["EffectiveFrom"]), as_micros(row["EffectiveTo"])
    return PointConsent(
        id=row["Id"],
        individual=row["PartyId"],
        purpose=purposes.get(row["DataUsePurposeId"] or "", ""),
        status=str(row["PrivacyConsentStatus"] or "")[:32],
        begins_at=None if begins is None else Micros(begins),
        ends_at=None if ends is None else Micros(ends),
        changed_at=Micros(as_micros(row["SystemModstamp"]) or 0),
    )


def _user(row: Mapping[str, Any]) -> CrmUser:
    return CrmUser(
        id=row["Id"],
        name=str(row["Name"] or "")[:200],
        is_active=bool(row["IsActive"]),
        timezone=str(row["TimeZoneSidKey"] or "UTC")[:64],
        changed_at=Micros(as_micros(row["SystemModstamp"]) or 0),
    )


def _member(row: Mapping[str, Any]) -> Member:
    person = row["ContactId"] or row["LeadId"] or ""
    return Member(id=row["Id"], crm_campaign=row["CampaignId"], person=person, status=str(row["Status"] or "")[:255])
