"""How long the judge takes for an event, evidence in and verdicts with reasons out, and what it remembers of a copy.

Every round judges the same simulated worlds closed (all at once, three rounds of learning) and live (batches of 50 in
order of time, settled after each, as the pipeline does it), and beside it reads the same events as a program must that
does nothing with them: `json.loads` of the line in the exchange format, and one entry of a dictionary. All of it is
processor time of one process. An event is whatever the judge is told, `sent` and `delivered` included, which it only
notes; a hit is what it gives a verdict on. Run it with `mailwake bench judging_speed`.
"""

from __future__ import annotations

import argparse
import gc
import json
import pickle
import time
import tracemalloc
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec

from mailwake.events import Evidence
from mailwake.exchange.lines import Hit as Line
from mailwake.exchange.lines import evidence_of, source_of
from mailwake.judge.delivery import sort_of
from mailwake.judge.families.learned import Reputations
from mailwake.judge.rules import load_rules
from mailwake.judge.verdicts import StreamJudge, learn
from mailwake.origins.networks import Networks
from mailwake.pipeline.evidence import EvidenceReader
from mailwake.sections import Enrich
from mailwake.worlds.world import draw_plan, live
from peers.pairs import ratio, told

#: Kind, seed and copies; none of these worlds was fitted to.
WORLDS = (("mixed", 101, 12_000), ("high", 102, 4_000), ("consumer", 103, 12_000), ("company", 101, 8_000),
          ("codes", 101, 6_000))  # fmt: skip
BATCH = 50
BUDGET_MICROSECONDS, BUDGET_BYTES = 15, 1_000
_KEY = b"mailwake bench judging speed"


class World(NamedTuple):
    """One world's events: as lines, and as evidence in order of time."""

    kind: str
    lines: list[bytes]
    evidence: list[Evidence]


def read_world(kind: str, seed: int, copies: int) -> World:
    reader = EvidenceReader(Networks(Enrich(), _KEY), _KEY)
    rows = [row for row, _ in live(draw_plan(kind, seed, copies=copies)).lines()]
    lines = [msgspec.convert(row, Line) for row in rows]
    source = source_of(lines)
    evidence = [evidence_of(line, reader, number, source) for number, line in enumerate(lines)]
    encoded = [json.dumps(row).encode() for row in rows]
    return World(kind, encoded, sorted(evidence, key=lambda each: (each.at, each.id)))


class Took(NamedTuple):
    """Seconds of processor time for one world, and how many verdicts came of it."""

    reference: float
    taking_in: float
    learning: float
    closed: float
    observing: float
    settling: float
    hits: int


def judge(world: World) -> Took:
    reference = _reference(world.lines)
    taking_in, learning, closed, hits = _closed(world.evidence)
    return Took(reference, taking_in, learning, closed, *_live(world.evidence), hits)


def _reference(lines: Sequence[bytes]) -> float:
    gc.collect()
    known: dict[int, Any] = {}
    start = time.process_time()
    for number, line in enumerate(lines):
        known[number] = json.loads(line)
    return time.process_time() - start


def _closed(evidence: Sequence[Evidence]) -> tuple[float, float, float, int]:
    """(taking in, learning, everything, verdicts); what was learned to measure that is thrown away."""
    gc.collect()
    ours, rules = StreamJudge(load_rules()), load_rules()
    start = time.process_time()
    ours.take_in(evidence)
    taken = time.process_time()
    learn(rules, ours.copies(), Reputations())
    learned = time.process_time()
    found = len(ours.settle_all())
    end = time.process_time()
    return taken - start, learned - taken, taken - start + end - learned, found


def _live(evidence: Sequence[Evidence]) -> tuple[float, float]:
    """(taking in and telling, settling)."""
    gc.collect()
    ours, observing, settling = StreamJudge(load_rules()), 0.0, 0.0
    for place in range(0, len(evidence), BATCH):
        batch = evidence[place : place + BATCH]
        start = time.process_time()
        ours.observe_many(batch)
        observed = time.process_time()
        ours.settle(batch[-1].at)
        observing, settling = observing + observed - start, settling + time.process_time() - observed
    return observing, settling


def bytes_per_open(world: World) -> float:
    """What a judge remembers of an open copy with hits, numbers and names included, once their evidence is gone."""
    packed = pickle.dumps([each for each in world.evidence if sort_of(each) is not None])
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    ours = StreamJudge(load_rules())
    ours.take_in(pickle.loads(packed))
    gc.collect()
    held = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    return held / ours.open_deliveries


def measure(*, rounds: int, share: float) -> dict[str, Any]:
    worlds = [read_world(kind, seed, max(round(share * copies), 100)) for kind, seed, copies in WORLDS]
    measured = [[judge(world) for world in worlds] for _ in range(rounds)]
    events = [len(world.evidence) for world in worlds]
    return {
        "events": sum(events),
        "hits": sum(one.hits for one in measured[0]),
        "rounds": [_microseconds(one, sum(events)) for one in measured],
        "worlds": {
            world.kind: {
                "closed_us": min(one[place].closed for one in measured) * 1e6 / count,
                "hits": measured[0][place].hits / count,
                "bytes": bytes_per_open(world),
            }
            for place, (world, count) in enumerate(zip(worlds, events, strict=True))
        },
        "closed_to_reference": _ratio(measured, lambda one: one.closed),
        "live_to_reference": _ratio(measured, lambda one: one.observing + one.settling),
    }


def _microseconds(tooks: Sequence[Took], events: int) -> dict[str, float]:
    """Per event, over all worlds of one round."""
    names = ("reference", "taking_in", "learning", "closed", "observing", "settling")
    return {name: sum(getattr(one, name) for one in tooks) * 1e6 / events for name in names}


def _ratio(measured: Sequence[Sequence[Took]], of: Callable[[Took], float]) -> dict[str, float]:
    return ratio([sum(map(of, tooks)) / sum(one.reference for one in tooks) for tooks in measured])


def show(result: dict[str, Any]) -> None:
    print(f"{result['events']:,} events, {result['hits']:,} of them hits; µs of processor time for an event")
    print("round  json.loads  closed: taking in  learning  verdicts  together   live: observing  settling  together")
    for number, one in enumerate(result["rounds"], 1):
        verdicts = one["closed"] - one["taking_in"] - one["learning"]
        print(
            f"{number:>5}  {one['reference']:>10.1f}  {one['taking_in']:>17.1f}  {one['learning']:>8.1f}  "
            f"{verdicts:>8.1f}  {one['closed']:>8.1f}   {one['observing']:>15.1f}  {one['settling']:>8.1f}  "
            f"{one['observing'] + one['settling']:>8.1f}"
        )
    for kind, one in result["worlds"].items():
        print(f"{kind}: {one['closed_us']:.1f} µs for an event, closed, of which {one['hits']:.2f} are hits; "
              f"{one['bytes']:,.0f} bytes for an open copy (budget {BUDGET_BYTES:,})")  # fmt: skip
    best = min(one["closed"] for one in result["rounds"])
    met = "reached" if best <= BUDGET_MICROSECONDS else "missed"
    print(f"closed: {told(result['closed_to_reference'], 1)} times json.loads; {best:.1f} µs in the best round, budget "
          f"{BUDGET_MICROSECONDS} {met}")  # fmt: skip
    print(f"live: {told(result['live_to_reference'], 1)} times json.loads")


def main() -> None:
    parser = argparse.ArgumentParser(description="the judge's speed beside reading the same events")
    parser.add_argument("--seconds", type=float, default=0, help="not used: fixed worlds are judged")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--share", type=float, default=1.0, help="of the copies of each world")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    result = measure(rounds=given.rounds, share=given.share)
    print(json.dumps(result)) if given.json else show(result)


if __name__ == "__main__":
    main()
