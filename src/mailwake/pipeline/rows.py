"""Between what the steps know and what the event store keeps."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

import msgspec

from mailwake.events import Evidence, Flag, Reason, Verdict
from mailwake.modes import Mode
from mailwake.pipeline.item import CounterKey, Item, Why
from mailwake.reduced import axis_mode
from mailwake.store.events import CounterRow, EventRow, Judgement

_json = msgspec.json.Encoder()
#: What stands before the @ of an address; servers quote addresses in their refusals, and we keep none.
_LOCAL_PART = re.compile(r"[^\s<>\"'(),:;@]{1,256}@")
NO_REASONS = ""


def mask(words: str) -> str:
    """The words of another server without the local parts of addresses."""
    return _LOCAL_PART.sub("…@", words) if "@" in words else words


def event_row(item: Item, evidence: Evidence) -> EventRow:
    """What is kept of an event. Settled only when it was judged alone: else its delivery settles as a whole.

    Raises:
        ValueError: it is a hit that no row may tell of; a step before this one is wrong, and nothing is stored.
    """
    event, verdict = item.event, item.verdict
    if axis_mode(event) is not Mode.INDIVIDUAL:
        raise ValueError(f"a hit in mode {axis_mode(event).word} has no row")
    return EventRow(
        id=item.id,
        type=event.type,
        at=item.at,
        received_at=event.received_at,
        source=event.source,
        campaign=item.campaign,
        template=event.template,
        delivery=event.delivery,
        recipient=event.recipient,
        link=event.link,
        role=item.role,
        note=event.note,
        modes=event.modes,
        links=item.links,
        stream=item.stream,
        domain=item.domain,
        network=evidence.network,
        network_kind=evidence.network_kind,
        asn=evidence.asn,
        country=evidence.country,
        agent=evidence.agent,
        agent_kind=evidence.agent_kind,
        client=evidence.client,
        device=evidence.device,
        flags=int(evidence.flags),
        reason=mask(event.reason),
        message_bytes=event.message_bytes,
        p_human=None if verdict is None else verdict.p_human,
        klass=None if verdict is None else verdict.klass,
        reasons=NO_REASONS if verdict is None else pack_reasons(verdict.reasons),
        ruleset="" if verdict is None else verdict.ruleset,
        settled=item.is_final,
    )


def evidence_of(row: EventRow) -> Evidence:
    """The evidence as it was when the row was written: what a judge needs to take up its work."""
    return Evidence(
        id=row.id,
        type=row.type,
        at=row.at,
        delivery=row.delivery,
        recipient=row.recipient,
        domain=row.domain,
        link=row.link,
        links=row.links,
        stream=row.stream,
        note=row.note,
        network=row.network,
        network_kind=row.network_kind,
        asn=row.asn,
        country=row.country,
        agent=row.agent,
        agent_kind=row.agent_kind,
        client=row.client,
        device=row.device,
        flags=Flag(row.flags),
    )


def judgement(id: int, verdict: Verdict, why: Why) -> Judgement:  # noqa: A002 - the word of EventRow and Judged
    """A verdict as the store takes it, with what made it."""
    return Judgement(
        id=id,
        p_human=verdict.p_human,
        klass=verdict.klass,
        reasons=pack_reasons(verdict.reasons),
        ruleset=verdict.ruleset,
        settled=verdict.state == "settled",
        cause=why.cause,
        changed_at=why.at,
    )


def pack_reasons(reasons: Iterable[Reason]) -> str:
    """The reasons as JSON: [[code, weight, fact], ...]."""
    return _json.encode([[reason.code, round(reason.weight, 3), reason.fact] for reason in reasons]).decode()


def counter_rows(counters: Counter[CounterKey]) -> list[CounterRow]:
    """What is added to the counters."""
    return [
        CounterRow(campaign=campaign, template=template, link=link, hour=hour, type=kind, n=n)
        for (campaign, template, link, hour, kind), n in counters.items()
    ]
