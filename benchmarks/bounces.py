"""Returned mail: how right it is read and judged, and how fast, beside flufl.bounce and the standard library.

One table over a folder of labelled mail; the folder that the tests ship is the default, `--corpus` takes another of the
same form. A peer that only tells permanent from temporary failures suppresses on the permanent ones, which is what
software does that uses it. Speed is processor time on one core, ours including the judgement, in pairs one after the
other. `--all` prints what went wrong with us. Run it with `mailwake bench bounces`.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from peers.pairs import ratio, told
from peers.returned import Reader, Tally, flufl, load, ours, plain_rfc3464, score

CORPUS = Path(__file__).parents[1] / "tests" / "data" / "returned"
ROWS = {
    "recipient found": "found",
    "wrong extra address": "extra",
    "dead addresses caught": "dead_caught",
    "sender's fault, suppressed": "sender_suppressed",
    "soft, suppressed at once": "soft_suppressed",
    "delay called a bounce": "delayed_as_bounce",
    "other mail called a bounce": "others_as_bounce",
}
PAIRS = 12


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=CORPUS)
    parser.add_argument("--seconds", type=float, default=3.0, help="at most, for each pair of timings")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    corpus = load(options.corpus)
    readers = {"Mailwake": ours(), "flufl.bounce": flufl(), "RFC 3464 alone": plain_rfc3464()}
    tallies = {name: score(corpus, reader) for name, reader in readers.items()}
    raws = [raw for _, raw in corpus]
    rounds = max(1, round(options.seconds / 2 / max(_time(readers["flufl.bounce"], raws), 1e-6)))
    speeds = {
        name: [_pair(readers["Mailwake"], reader, raws, min(rounds, 5)) for _ in range(PAIRS)]
        for name, reader in readers.items()
        if name != "Mailwake"
    }
    if options.json:
        print(json.dumps({"benchmark": "bounces", "mails": len(corpus), **_as_json(tallies, speeds)}))
        return
    _show(len(corpus), tallies, speeds)
    if options.all:
        print(*tallies["Mailwake"].faults, sep="\n")


def _time(reader: Reader, raws: Sequence[bytes]) -> float:
    start = time.process_time()
    for raw in raws:
        reader(raw)
    return time.process_time() - start


def _pair(mine: Reader, theirs: Reader, raws: Sequence[bytes], rounds: int) -> tuple[float, float]:
    """Mails a second, ours and the peer's, one after the other."""
    us = sum(_time(mine, raws) for _ in range(rounds))
    them = sum(_time(theirs, raws) for _ in range(rounds))
    return rounds * len(raws) / us, rounds * len(raws) / them


def _ratio(pairs: Sequence[tuple[float, float]]) -> dict[str, float]:
    return ratio([us / them for us, them in pairs])


def _as_json(tallies: dict[str, Tally], speeds: dict[str, list[tuple[float, float]]]) -> dict[str, object]:
    return {
        "scores": {name: {row: getattr(tally, row) for row in ROWS.values()} for name, tally in tallies.items()},
        "mails_per_second": {name: [them for _, them in pairs] for name, pairs in speeds.items()},
        "ratio": {name: _ratio(pairs) for name, pairs in speeds.items()},
    }


def _show(mails: int, tallies: dict[str, Tally], speeds: dict[str, list[tuple[float, float]]]) -> None:
    print(f"| {mails} mails | {' | '.join(tallies)} |\n|---|{'---|' * len(tallies)}")
    for title, row in ROWS.items():
        cells = (_share(*getattr(tally, row)) for tally in tallies.values())
        print(f"| {title} | {' | '.join(cells)} |")
    print(f"| Mailwake's speed to this | 1 | {' | '.join(told(_ratio(pairs)) for pairs in speeds.values())} |")


def _share(hits: int, of: int) -> str:
    return f"{hits} of {of} ({100 * hits / of:.1f} %)" if of else "-"


if __name__ == "__main__":
    main()
