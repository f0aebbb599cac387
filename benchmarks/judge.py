"""The judge and every peer's published rule on simulated worlds whose truth is known, none of which was fitted to.

A world is drawn from wide ranges (`mailwake.worlds`): its people, its scanners, known ones and ones that nobody has
met, how much of it is machines, what its hits tell. The judge gets the exchange format. A peer's rule gets the same
hits and, where it looks at networks, a perfect table of them, which no peer has.

`--seeds` worlds of each kind; `--all` prints every world. Run it with `mailwake bench judge`.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import msgspec

sys.path.insert(0, str(Path(__file__).parent))
from mailwake.events import Class
from mailwake.exchange.lines import Hit as Line
from mailwake.exchange.lines import evidence_of, source_of
from mailwake.judge.rules import load_rules
from mailwake.judge.verdicts import StreamJudge
from mailwake.origins.networks import Networks
from mailwake.pipeline.evidence import EvidenceReader
from mailwake.sections import Enrich
from mailwake.worlds.hits import Hit
from mailwake.worlds.world import KINDS, World, draw_plan, live
from peers.detectors import PEERS, Rule, Table
from peers.judging import Click, Score, score
from peers.opening import Look, Opening, counted, estimated

#: Worlds 1 to 100 are for fitting.
FIRST_SEED = 101
OURS = "Mailwake"
_KEY = b"mailwake bench judge"


class Result(NamedTuple):
    """One world: each detector's score on clicks, and its open rates."""

    kind: str
    seed: int
    scores: dict[str, Score]
    openings: dict[str, list[Opening]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--kinds", nargs="*", default=list(KINDS))
    parser.add_argument("--seconds", type=float, default=0, help="not used: nothing is timed")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    results = []
    for kind in options.kinds:
        for seed in range(FIRST_SEED, FIRST_SEED + options.seeds):
            results.append(run(kind, seed))
            if options.all and not options.json:
                print(_row(f"{kind} {seed}", results[-1].scores[OURS]), flush=True)
    if options.json:
        print(json.dumps({"benchmark": "judge", "worlds": [_as_json(each) for each in results]}))
    else:
        show(results)


def run(kind: str, seed: int) -> Result:
    """Judge one world by everybody."""
    world = live(draw_plan(kind, seed))
    told = judged(world)
    scores = {OURS: score([_click(hit, p) for hit, p, _ in told if counts(hit)])}
    seen = [(_without_visitor(hit) if world.plan.withheld else hit, p, klass) for hit, p, klass in told]
    openings = {OURS: estimated(world.copies, (_look(*each) for each in seen if each[0].signature_ok))}
    for name, rule in PEERS.items():
        clicks, opened = by_rule(world, rule)
        scores[name], openings[name] = score(clicks), counted(world.copies, opened)
    return Result(kind, seed, scores, openings)


def by_rule(world: World, rule: Rule) -> tuple[list[Click], dict[int, bool]]:
    """What a peer's rule makes of a world: (every click, copies that it counts as opened)."""
    table, clicks, opened = Table(world.networks), list[Click](), dict[int, bool]()
    for copy in world.copies:
        hits = sorted(copy.hits, key=lambda hit: hit.at)
        if world.plan.withheld:
            hits = [_without_visitor(hit) for hit in hits]
        machines = rule(copy, hits, table)
        clicks += [_click(hit, 0.0 if place in machines else 1.0) for place, hit in enumerate(hits) if counts(hit)]
        opened[copy.number] = any(hit.type == "opened" and place not in machines for place, hit in enumerate(hits))
    return clicks, opened


def judged(world: World) -> list[tuple[Hit, float, Class]]:
    """What the judge says of every hit, after all evidence."""
    reader = EvidenceReader(Networks(Enrich(), _KEY), _KEY)
    rows = list(world.lines())
    lines = [msgspec.convert(line, Line) for line, _ in rows]
    source = source_of(lines)
    evidence = [evidence_of(line, reader, number, source) for number, line in enumerate(lines)]
    told = {each.id: each.verdict for each in StreamJudge(load_rules()).judge_all(evidence)}
    found = []
    for each, (_, hit) in zip(evidence, rows, strict=True):
        if hit is not None and each.id in told:
            p = told[each.id].p_human
            found.append((hit, 0.5 if p is None else p, told[each.id].klass))
    return found


def counts(hit: Hit) -> bool:
    """Whether a hit is a click on a real link."""
    return hit.type == "clicked" and hit.signature_ok


def _click(hit: Hit, p: float) -> Click:
    visitor = (hit.visitor.ip, hit.visitor.ua) if hit.visitor else None
    return Click(hit.human, hit.agent, hit.delivery, visitor, p)


def _look(hit: Hit, p: float, klass: Class) -> Look:
    return Look(hit.type, hit.delivery, hit.visitor.ua if hit.visitor else None, p, klass)


def _without_visitor(hit: Hit) -> Hit:
    return Hit(
        type=hit.type, at=hit.at, delivery=hit.delivery, visitor=None, human=hit.human, agent=hit.agent, link=hit.link,
        method=hit.method, signature_ok=hit.signature_ok,
    )  # fmt: skip


def show(results: Sequence[Result]) -> None:
    """The tables: ours by kind of world, then everybody over all worlds."""
    print("Mailwake, mean over worlds of a kind (largest in brackets)\n")
    print("| worlds | machine clicks | leak | human loss | worst agent | F1 | AUC | Brier | ECE | unique clickers |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for kind in dict.fromkeys(each.kind for each in results):
        print(_summary(kind, [each.scores[OURS] for each in results if each.kind == kind]))
    print("\nEverybody, mean over all worlds; how many worlds a peer's F1 is above ours\n")
    print("| detector | leak | human loss | worst agent | F1 | unique clickers | worlds above ours |")
    print("|---|---|---|---|---|---|---|")
    for name in (OURS, *PEERS):
        mine = [each.scores[name] for each in results]
        above = sum(each.scores[name].f1 > each.scores[OURS].f1 for each in results)
        cells = [
            _mean(one.leak for one in mine),
            _mean(one.loss for one in mine),
            _mean(one.worst_loss for one in mine),
        ]
        cells += [f"{statistics.mean(one.f1 for one in mine):.3f}", _mean(abs(one.unique_error or 0) for one in mine)]
        print(f"| {name} | {' | '.join(cells)} | {above} of {len(results)} |")
    show_opens(results)


def show_opens(results: Sequence[Result]) -> None:
    """The table of open rates: points between estimated and true, over campaigns."""
    print("\nOpen rates, over campaigns: points above the true share of copies that people read, and how far off")
    print("\n| detector | campaigns | mean points | mean points off | interval of 90 % holds | cannot say |")
    print("|---|---|---|---|---|---|")
    for kind in dict.fromkeys(each.kind for each in results):
        print(
            _opens_row(f"{OURS}, {kind}", [one for each in results if each.kind == kind for one in each.openings[OURS]])
        )
    for name in (OURS, *PEERS):
        print(_opens_row(name, [one for each in results for one in each.openings[name]]))


def _opens_row(name: str, openings: Sequence[Opening]) -> str:
    biases = [100 * one.bias for one in openings if one.bias is not None]
    covered = [one.covered for one in openings if one.covered is not None]
    cells = [
        f"{statistics.mean(biases):+.1f}" if biases else "cannot say",
        f"{statistics.mean(map(abs, biases)):.1f}" if biases else "cannot say",
        f"{statistics.mean(covered):.0%}" if covered else "tells none",
        f"{len(openings) - len(biases)}",
    ]
    return f"| {name} | {len(openings)} | {' | '.join(cells)} |"


def _summary(kind: str, scores: Sequence[Score]) -> str:
    errors = [one.unique_error or 0.0 for one in scores]
    worst = max(scores, key=lambda one: one.worst_loss or 0)
    cells = [
        _mean(one.machine_share for one in scores),
        _mean_most(one.leak for one in scores),
        _mean_most(one.loss for one in scores),
        f"{worst.worst_agent} {worst.worst_loss or 0:.1%}",
        f"{statistics.mean(one.f1 for one in scores):.3f} ({min(one.f1 for one in scores):.3f})",
        f"{statistics.mean(one.auc or 0 for one in scores):.3f} ({min(one.auc or 0 for one in scores):.3f})",
        f"{statistics.mean(one.brier for one in scores):.3f}",
        f"{statistics.mean(one.ece for one in scores):.3f} ({max(one.ece for one in scores):.3f})",
        f"{statistics.mean(errors):+.1%} ({max(errors, key=abs):+.1%})",
    ]
    return f"| {kind} | {' | '.join(cells)} |"


def _row(name: str, one: Score) -> str:
    return (
        f"{name:14} machines {one.machine_share:.0%} leak {one.leak or 0:.1%} loss {one.loss or 0:.1%} worst "
        f"{one.worst_agent} {one.worst_loss or 0:.0%} F1 {one.f1:.3f} AUC {one.auc or 0:.3f} ECE {one.ece:.3f} "
        f"unique {one.unique_error or 0:+.1%}"
    )


def _mean(values: Iterable[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{statistics.mean(known):.1%}" if known else "cannot say"


def _mean_most(values: Iterable[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{statistics.mean(known):.1%} ({max(known):.1%})" if known else "cannot say"


def _as_json(result: Result) -> dict[str, object]:
    return {
        "kind": result.kind,
        "seed": result.seed,
        "scores": {name: asdict(one) for name, one in result.scores.items()},
        "openings": {name: [asdict(one) for one in found] for name, found in result.openings.items()},
    }


if __name__ == "__main__":
    main()
