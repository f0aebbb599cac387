"""How far a member of a campaign of the org got, as a status there.

A status only goes forward, except where we set it ourselves and the facts behind it were withdrawn. One that the org's
people set, and that is none of ours, is theirs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mailwake.crm.fields import MEMBER, MEMBER_KEY, when
from mailwake.crm.identity import primary
from mailwake.crm.links import Names
from mailwake.events import CampaignId, Handle
from mailwake.store.crm import CrmPerson, CrmStore, Lane, Member, Wish

#: what may happen with a copy, and when it last did
_EVENTS = {
    "Unsubscribed": "unsubscribed_at", "Complained": "complained_at", "Replied": "replied_at",
    "Clicked": "reclicked_at", "Opened": "reopened_at", "Bounced": "bounced_at", "Delivered": "delivered_at",
    "Sent": "sent_at",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Ladder:
    """Statuses of the org, by what they stand for; an empty one is not used."""

    sent: str = "Sent"
    #: opens alone say little
    opened: str = ""
    clicked: str = "Clicked"
    replied: str = "Replied"
    bounced: str = "Bounced"
    unsubscribed: str = "Unsubscribed"

    @property
    def steps(self) -> tuple[str, ...]:
        """From the first to the last."""
        told = (self.sent, self.opened, self.bounced, self.clicked, self.replied, self.unsubscribed)
        return tuple(dict.fromkeys(status for status in told if status))

    @property
    def responses(self) -> frozenset[str]:
        """Those that mean that a person answered."""
        return frozenset(status for status in (self.clicked, self.replied) if status)

    def status(self, copy: Mapping[str, Any]) -> str | None:
        """How far a copy got."""
        told = (
            (copy["unsubscribed_at"], self.unsubscribed), (copy["replied_at"], self.replied),
            (copy["clicked_at"], self.clicked), (copy["bounced_at"], self.bounced), (copy["opened_at"], self.opened),
            (copy["sent_at"], self.sent),
        )  # fmt: skip
        return next((status for fact, status in told if fact is not None and status), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Place:
    """One person in one campaign of the org."""

    campaign: str
    who: CrmPerson
    #: id of the record that is the member: of a person account, the contact behind it
    person: str
    handle: Handle
    key: str
    status: str
    clicked_at: int | None
    last: str


def member_wishes(
    store: CrmStore,
    names: Names,
    ladder: Ladder,
    *,
    campaigns: Mapping[CampaignId, str],
    people: Mapping[Handle, Sequence[CrmPerson]],
    copies: Mapping[Handle, Sequence[Mapping[str, Any]]],
) -> list[Wish]:
    """What members of the org's campaigns are to be."""
    told: list[Wish] = []
    for campaign, crm_id in campaigns.items():
        places = [
            place
            for handle, whose in people.items()
            if (copy := _furthest(ladder, [row for row in copies.get(handle, ()) if row["campaign"] == campaign]))
            and (place := _place((names, ladder, crm_id), primary(whose), handle, copy))
        ]
        members = store.members_of([each.person for each in places], crm_id)
        keys = [each.key for each in places] + [each.id for each in members.values()]
        written = store.written((MEMBER, key) for key in keys)
        ours = {key: row.fields.get("Status") for (_, key), row in written.items()}
        for place in places:
            told += _wish(ladder, place, members.get(place.person), ours)
    return told


def _furthest(ladder: Ladder, rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    steps = ladder.steps
    return max(rows, key=lambda row: steps.index(ladder.status(row) or steps[0]), default=None)


def _place(of: tuple[Names, Ladder, str], who: CrmPerson, handle: Handle, copy: Mapping[str, Any]) -> _Place | None:
    names, ladder, crm_id = of
    status = ladder.status(copy)
    person = who.account if who.kind == "Account" else who.id
    if status is None or person is None:
        return None
    key = names.member(crm_id, person)
    return _Place(
        campaign=crm_id, who=who, person=person, handle=handle, key=key, status=status, clicked_at=copy["clicked_at"],
        last=_last(copy),
    )  # fmt: skip


def _last(copy: Mapping[str, Any]) -> str:
    """What happened last with a copy, in a word; of opens and clicks those of people."""
    return max(_EVENTS, key=lambda word: copy[_EVENTS[word]] or 0)


def _wish(ladder: Ladder, place: _Place, member: Member | None, ours: Mapping[str, object]) -> list[Wish]:
    fields: dict[str, Any] = {"Status": place.status, "First_Human_Click__c": when(place.clicked_at)}
    fields |= {"Last_Event__c": place.last}
    if member is None:
        fields |= {"CampaignId": place.campaign, "LeadId" if place.who.kind == "Lead" else "ContactId": place.person}
        return [_row(place, place.key, MEMBER_KEY, fields)]
    set_by_us = ours.get(member.id) or ours.get(place.key)
    if not _may_move(ladder, member.status, place.status, set_by_us):
        return []
    return [_row(place, member.id, "Id", {**fields, MEMBER_KEY: place.key})]


def _row(place: _Place, key: str, key_field: str, fields: Mapping[str, Any]) -> Wish:
    return Wish(
        object=MEMBER,
        key=key,
        key_field=key_field,
        fields=fields,
        lane=Lane.ROWS,
        parent=place.campaign,
        handle=place.handle,
    )


def _may_move(ladder: Ladder, current: str, wanted: str, ours: object) -> bool:
    """Whether a member may go from one status to another."""
    if current == wanted:
        return True
    if current not in ladder.steps:
        return False
    return ladder.steps.index(wanted) > ladder.steps.index(current) or ours == current
