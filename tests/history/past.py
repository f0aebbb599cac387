"""A world lived through, judged as it went and stored: what an installation knows after some weeks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

import msgspec

from mailwake.events import (
    SECOND,
    CampaignId,
    Class,
    DeliveryId,
    EventType,
    Evidence,
    Micros,
    Settlement,
    Source,
    Verdict,
)
from mailwake.exchange.lines import Hit, evidence_of, source_of
from mailwake.judge.delivery import sort_of
from mailwake.judge.rules import Rules, load_rules
from mailwake.judge.verdicts import StreamJudge
from mailwake.origins.networks import Networks
from mailwake.pipeline.evidence import EvidenceReader
from mailwake.pipeline.rows import pack_reasons
from mailwake.sections import Enrich
from mailwake.store.events import EventRow
from mailwake.worlds.world import draw_plan, live

KEY = b"k" * 32
#: how late a writer of the log may be
LAG = 10 * SECOND


@cache
def rules() -> Rules:
    return load_rules(None)


@cache
def evidence(kind: str = "company", seed: int = 1, copies: int = 400) -> tuple[Evidence, ...]:
    """What the judge sees of a world, in order of time."""
    reader = EvidenceReader(Networks(Enrich(), KEY), KEY)
    hits = [msgspec.convert(line, Hit) for line, _ in live(draw_plan(kind, seed, copies=copies)).lines()]
    source = source_of(hits)
    found = [evidence_of(hit, reader, number, source) for number, hit in enumerate(hits)]
    return tuple(sorted({each.id: each for each in found}.values(), key=lambda each: (each.at, each.id)))


def lived(judge: StreamJudge, events: Iterable[Evidence]) -> dict[int, Verdict]:
    """The verdicts as they stand after the events, told by a judge that settles at every second."""
    found: dict[int, Verdict] = {}
    settled = 0
    for each in events:
        for now in range(max(settled, each.at - LAG - 86_400 * SECOND), each.at - LAG, SECOND):
            found |= {told.id: told.verdict for told in judge.settle(Micros(now))}
            settled = now
        found |= {told.id: told.verdict for told in judge.observe(each)}
    return found


def rows(events: Sequence[Evidence], verdicts: dict[int, Verdict]) -> list[EventRow]:
    """The events as the pipeline stores them; two campaigns, by delivery."""
    return [_row(each, verdicts.get(each.id)) for each in events]


def _row(each: Evidence, verdict: Verdict | None) -> EventRow:
    delivery = each.delivery or DeliveryId(0)
    facts = {name: getattr(each, name) for name in each.__slots__ if name != "flags"}
    judged = verdict is not None and sort_of(each) is not None
    return EventRow(
        **facts,
        flags=int(each.flags),
        received_at=each.at,
        source=Source.EDGE if judged else Source.SEND,
        campaign=CampaignId(1 + delivery % 2),
        modes=51,
        role="decoy" if each.note == "decoy" else "cta" if each.type is EventType.CLICKED else None,
        p_human=verdict.p_human if verdict else None,
        klass=Class(verdict.klass) if verdict else None,
        reasons=pack_reasons(verdict.reasons) if verdict else "",
        ruleset=verdict.ruleset if verdict else "",
        settled=verdict is None or verdict.state is Settlement.SETTLED,
    )
