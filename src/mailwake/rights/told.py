"""Everything that is known of one person, for that person: where each thing came from, and how long it is kept.

Nothing of anybody else is in it: no other recipient, no colleague's note on others, no secret of the installation.
Keyed hashes (of networks and programs) are told as being there; their numbers would mean nothing to anybody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec

from mailwake.errors import BadInput
from mailwake.events import CampaignId, Handle, Micros, TemplateId
from mailwake.insight.stores import Stores, moment
from mailwake.notifying.endpoints import Endpoint
from mailwake.people.delivery import unpack
from mailwake.rights.keeping import Period
from mailwake.scoring.answers import ScoreAnswer, score_of
from mailwake.scoring.desk import Desk
from mailwake.segments import keeper
from mailwake.store.rights.knowing import Known
from mailwake.store.rights.ledger import RightsStore

Row = dict[str, Any]
#: columns that tell when; they are told as times
_TIMES = {
    "at", "first_seen_at", "lifted_at", "expires_at", "held_until", "held_at", "decided_at", "due_at", "changed_at",
    "created_at", "active_at", "failed_at", "first_failed_at", "not_before", "next_at",
}  # fmt: skip
#: numbers that mean something inside alone
_INNER = {"handle", "id", "event", "network", "incident", "delivery", "template", "address_key", "number", "rests_on"}


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """One event about one mail."""

    at: datetime | None
    #: sent, delivered, opened, clicked, bounced and their like
    what: str
    #: name of the campaign; empty: of none that is known
    campaign: str
    subject: str
    #: text of the link; empty: no link
    link: str
    #: who reported it: edge, relay, send, bounce, esp, api
    source: str
    #: what we take the author for, and how sure: human, possible or machine; None: not judged
    judged: str | None
    klass: str | None
    p_human: float | None
    #: why: code, weight, fact
    reasons: tuple[tuple[str, float, str], ...]
    #: what lasts of the request
    country: str | None
    client: str | None
    device: str | None
    network_kind: str
    #: whether keyed hashes of network and program are kept
    has_hashes: bool
    #: words of the other mail server
    words: str


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """All of it."""

    address: str
    as_of: datetime | None
    first_seen_at: datetime | None
    #: merge fields that a sender gave
    fields: Mapping[str, Any]
    mail: tuple[Mail, ...]
    #: None: there is no mail to make one of
    score: ScoreAnswer | None
    consent: tuple[Row, ...]
    consent_history: tuple[Row, ...]
    #: when they were last asked for consent by mail
    consent_requests: tuple[Row, ...]
    suppressions: tuple[Row, ...]
    refusals: tuple[Row, ...]
    unsubscribes: tuple[Row, ...]
    unsubscribe_acts: tuple[Row, ...]
    last_open_day: str | None
    segments: tuple[str, ...]
    #: campaigns that were kept from them to see what happens without
    holdouts: tuple[str, ...]
    workflows: tuple[Row, ...]
    salesforce_records: tuple[Row, ...]
    salesforce_told: tuple[Row, ...]
    salesforce_waiting: tuple[Row, ...]
    #: other programs that were told of such events: name, host, kinds, how many there were
    webhooks: tuple[Row, ...]
    kept: tuple[Period, ...]


@dataclass(frozen=True, kw_only=True)
class Around:
    """What finding it needs."""

    stores: Stores
    rights: RightsStore
    desk: Desk
    endpoints: Sequence[Endpoint]
    periods: tuple[Period, ...]


def told_of(around: Around, handle: Handle, *, now: Micros) -> Told:
    """Everything about one recipient.

    Raises:
        BadInput: nobody has this handle.
    """
    stores = around.stores
    address = stores.state.addresses([handle]).get(handle)
    if address is None:
        raise BadInput("nobody is known by this address")
    known = around.rights.known(handle, address)
    rows = stores.events.ask("person_rows", recipient=handle)
    return Told(
        address=address,
        as_of=moment(now),
        first_seen_at=moment(known.recipient[0]["first_seen_at"]),
        fields=known.recipient[0]["fields"],
        mail=_mail(stores, rows),
        score=score_of(stores, around.desk, handle, now=now) if rows else None,
        segments=_segments(stores, known, handle, now),
        holdouts=tuple(_campaign(stores, row["campaign"]) for row in known.holdouts),
        last_open_day=next((str(row["day"]) for row in known.open_day), None),
        webhooks=_webhooks(around.endpoints, rows),
        kept=around.periods,
        **_plain(stores, known),
    )


def _plain(stores: Stores, known: Known) -> dict[str, tuple[Row, ...]]:
    names = {
        "consent": known.consent, "consent_history": known.consent_history,
        "consent_requests": known.consent_requests, "suppressions": known.suppressions, "refusals": known.refusals,
        "unsubscribes": known.unsubscribes, "unsubscribe_acts": known.unsubscribe_acts, "workflows": known.workflows,
        "salesforce_records": known.org_people, "salesforce_told": known.org_written,
        "salesforce_waiting": known.org_waiting,
    }  # fmt: skip
    return {name: tuple(_readable(stores, row) for row in rows) for name, rows in names.items()}


def _readable(stores: Stores, row: Row) -> Row:
    """A row without what means nothing outside, times as times, a campaign by its name."""
    found: Row = {}
    for name, value in row.items():
        if name in _INNER or value is None:
            continue
        if name in _TIMES:
            found[name] = moment(value) if value else None
        else:
            found[name] = _campaign(stores, value) if name == "campaign" else value
    return found


def _campaign(stores: Stores, campaign: int | None) -> str:
    found = None if campaign is None else stores.state.find_campaign(CampaignId(campaign))
    return "" if found is None else found.name


def _mail(stores: Stores, rows: Sequence[Row]) -> tuple[Mail, ...]:
    templates = {row["template"] for row in rows if row["template"] is not None}
    subjects = {each: found.subject for each in templates if (found := stores.state.template(TemplateId(each)))}
    labels = {
        (each, link.number): link.label for each in templates for link in stores.state.template_links(TemplateId(each))
    }
    campaigns = {row["campaign"]: _campaign(stores, row["campaign"]) for row in rows}
    return tuple(_event(row, subjects, labels, campaigns) for row in rows)


def _event(
    row: Row, subjects: Mapping[int, str], labels: Mapping[tuple[int, int], str], campaigns: Mapping[int | None, str]
) -> Mail:
    is_judged = row["klass"] is not None
    return Mail(
        at=moment(row["happened_at"]),
        what=row["note"] if row["type"] == "unknown" and row["note"] else row["type"],
        campaign=campaigns[row["campaign"]],
        subject=subjects.get(row["template"], ""),
        link=labels.get((row["template"], row["link"]), ""),
        source=row["source"],
        judged=row["grade"] if is_judged else None,
        klass=row["klass"],
        p_human=row["p_human"],
        reasons=tuple((each.code, each.weight, each.fact) for each in unpack(row["reasons"])),
        country=row["country"],
        client=row["client"],
        device=row["device"],
        network_kind=row["network_kind"],
        has_hashes=row["network"] is not None or row["agent"] is not None,
        words=row["reason"],
    )


def _segments(stores: Stores, known: Known, handle: Handle, now: Micros) -> tuple[str, ...]:
    names = {row["name"] for row in known.segments}
    for each in stores.state.segments():
        with suppress(BadInput):  # a query in words that a later version lost
            if each.is_live and keeper.chosen(stores, each.query, now=now, limit=1, after=handle - 1) == [handle]:
                names.add(each.name)
    return tuple(sorted(names))


def _webhooks(endpoints: Sequence[Endpoint], rows: Sequence[Row]) -> tuple[Row, ...]:
    found = []
    for each in endpoints:
        count = sum(row["type"] in each.events for row in rows)
        kinds = sorted(each.events)
        found.append({"name": each.name, "host": urlsplit(each.url).hostname, "kinds": kinds, "events": count})
    return tuple(row for row in found if row["events"])


def to_json(told: Told) -> bytes:
    """For programs: indented, so that people can read it too."""
    return msgspec.json.format(msgspec.json.encode(told), indent=2) + b"\n"
