"""One delivery: everything that happened to it, and why each open and click was taken for whose it was taken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from mailwake.errors import BadInput
from mailwake.events import Handle, Reason, TemplateId
from mailwake.insight.link_reasons import REST
from mailwake.insight.stores import Stores, moment
from mailwake.modes import Receipt, read_receipt
from mailwake.store.state import Campaign, Leave, UnsubscribeAct

_MAX_ID = 2**63 - 1
_reasons = msgspec.json.Decoder(list[tuple[str, float, str]])


class NoSuchDelivery(BadInput):
    """A delivery was asked for that the campaign does not have."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Opinion:
    """Whose an open or click was taken for, and why."""

    #: human, possible or machine
    grade: str
    #: human, mpp, proxy, scanner, preview, prefetch or unknown; None: not judged
    klass: str | None
    #: probability of a person, 0-1; None: cannot say
    p_human: float | None
    #: probability of what it is taken for: of a machine where the grade is machine, else of a person; 0-1
    certainty: float | None
    #: weightiest first, whichever way it speaks; weights are log-odds, above zero for a person
    reasons: tuple[Reason, ...]
    #: content hash of the rules; empty: not judged
    ruleset: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FormerOpinion:
    """What the same event was taken for before."""

    opinion: Opinion
    #: the event that changed it was received then, UTC
    changed_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What became of an unsubscription."""

    #: applied; held: it is looked at whether a machine pressed; restored: taken back
    state: str
    #: who did that, when (UTC) and in which words why; None: nobody, it counted at once
    by: str | None
    at: datetime | None
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Happening:
    """One event of the delivery."""

    id: str
    #: an event type, such as opened
    type: str
    #: says more about an event whose type alone does not; mostly empty
    note: str
    at: datetime
    #: number of the link; None: no link
    link: int | None
    #: its text, as the author wrote it; may be hostile
    label: str
    #: words of the other side
    reason: str
    client: str | None
    device: str | None
    country: str | None
    network_kind: str
    #: None: not an event that is judged
    opinion: Opinion | None
    #: False: may be judged again when more is known
    is_settled: bool
    #: oldest first
    formerly: tuple[FormerOpinion, ...]
    #: None: no unsubscription, or none that was written down
    wish: Wish | None


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryCard:
    """Everything known about one delivery."""

    #: of the campaign
    id: str
    name: str
    delivery: str
    #: None: the address is not known any more
    address: str | None
    sent_at: datetime | None
    delivered_at: datetime | None
    #: why it is watched as closely as it is, per axis; empty: it was sent by a version that did not keep it
    receipt: tuple[Receipt, ...]
    happenings: tuple[Happening, ...]


def delivery_card(stores: Stores, campaign: Campaign, delivery: str) -> DeliveryCard:
    """One delivery of a campaign.

    Args:
        stores: where to look.
        campaign: whose.
        delivery: its number as text, from an address.

    Raises:
        NoSuchDelivery: the campaign has none of this number.
    """
    number = int(delivery) if delivery.isascii() and delivery.isdecimal() and len(delivery) < 20 else -1
    place = {"campaign": campaign.id, "delivery": number}
    rows = stores.events.ask("timeline", **place) if 0 <= number <= _MAX_ID else []
    if not rows:
        raise NoSuchDelivery("there is no such copy in this campaign; its list of people leads to every one there is")
    unsettled = {row["id"] for row in stores.events.ask("unsettled", **place)}
    former = _former(stores.events.ask("verdict_changes", delivery=number))
    labels, wishes = _labels(stores, rows), _wishes(stores, rows)
    handle = next((row["recipient"] for row in rows if row["recipient"] is not None), None)
    return DeliveryCard(
        id=str(campaign.id),
        name=campaign.name,
        delivery=str(number),
        address=None if handle is None else stores.state.addresses([Handle(handle)]).get(Handle(handle)),
        sent_at=_first(rows, "sent"),
        delivered_at=_first(rows, "delivered"),
        receipt=next((read_receipt(row["reason"]) for row in rows if row["type"] == "sent"), ()),
        happenings=tuple(
            _happening(row, labels, former, wish=wishes.get(row["id"]), is_settled=row["id"] not in unsettled)
            for row in rows
        ),
    )


def _first(rows: Iterable[Mapping[str, Any]], kind: str) -> datetime | None:
    return next((moment(row["happened_at"]) for row in rows if row["type"] == kind), None)


def _labels(stores: Stores, rows: Iterable[Mapping[str, Any]]) -> dict[tuple[int, int], str]:
    templates = {row["template"] for row in rows if row["template"] is not None and row["link"] is not None}
    return {
        (template, link.number): link.label
        for template in templates
        for link in stores.state.template_links(TemplateId(template))
    }


def _former(rows: Iterable[Mapping[str, Any]]) -> dict[int, list[FormerOpinion]]:
    """What events were taken for before; a number that only moved within its grade and class is no other opinion."""
    found: dict[int, list[FormerOpinion]] = {}
    for row in rows:
        changed_at = moment(row["changed_at"])
        moved = (row["old_grade"], row["old_klass"]) != (row["new_grade"], row["new_klass"])
        if changed_at is not None and moved:
            old = {name: row[f"old_{name}"] for name in ("grade", "klass")}
            opinion = _opinion({**old, "p_human": row["old_p"], "reasons": "", "ruleset": ""})
            found.setdefault(row["event"], []).append(FormerOpinion(opinion=opinion, changed_at=changed_at))
    return found


def _wishes(stores: Stores, rows: Iterable[Mapping[str, Any]]) -> dict[int, Wish]:
    """What became of the unsubscriptions among some events."""
    ids = [row["id"] for row in rows if row["type"] == "unsubscribed"]
    if not ids:
        return {}
    last = {act.unsubscribe: act for act in stores.state.unsubscribe_acts(ids)}
    return {row.id: _wish(row.state, last.get(row.id)) for row in stores.state.unsubscribes_of(ids=ids)}


def _wish(state: Leave, last: UnsubscribeAct | None) -> Wish:
    if last is None:
        return Wish(state=str(state), by=None, at=None, why="")
    return Wish(state=str(state), by=last.by, at=moment(last.at), why=last.why)


def _happening(
    row: Mapping[str, Any],
    labels: Mapping[tuple[int, int], str],
    former: Mapping[int, list[FormerOpinion]],
    *,
    wish: Wish | None,
    is_settled: bool,
) -> Happening:
    at = moment(row["happened_at"])
    assert at is not None  # noqa: S101 - every row has a time; this tells the type checker
    return Happening(
        id=str(row["id"]),
        type=row["type"],
        note=row["note"],
        at=at,
        link=row["link"],
        label=labels.get((row["template"], row["link"]), ""),
        reason="" if read_receipt(row["reason"]) else row["reason"],
        client=row["client"],
        device=row["device"],
        country=row["country"],
        network_kind=row["network_kind"],
        opinion=_opinion(row) if row["type"] in ("opened", "clicked") else None,
        is_settled=is_settled,
        formerly=tuple(former.get(row["id"], ())),
        wish=wish,
    )


def _opinion(row: Mapping[str, Any]) -> Opinion:
    p_human, grade = row["p_human"], row["grade"]
    return Opinion(
        grade=grade,
        klass=row["klass"],
        p_human=p_human,
        certainty=1 - p_human if grade == "machine" and p_human is not None else p_human,
        reasons=unpack(row["reasons"]),
        ruleset=row["ruleset"],
    )


def unpack(packed: str) -> tuple[Reason, ...]:
    """Reasons as the store keeps them, the weightiest first, the sum of lesser ones last; none that cannot be read."""
    try:
        told = _reasons.decode(packed) if packed else []
    except msgspec.DecodeError:
        return ()
    reasons = (Reason(code=code, weight=weight, fact=fact) for code, weight, fact in told)
    return tuple(sorted(reasons, key=lambda reason: (reason.code == REST, -abs(reason.weight), reason.code)))


def to_json(answer: DeliveryCard) -> bytes:
    """An answer as JSON, the same to the byte for everybody: one line."""
    return msgspec.json.encode(answer) + b"\n"
