"""What our marks cost: the rules that a letter meets with them and does not meet without, and the other way round.

python -m tests.filters.measure      runs both filters and writes tests/data/filters/measured.json
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.filters import engines
from tests.filters.engines import RSPAMD, SPAMASSASSIN, Rules
from tests.filters.letters import MARKS, Letter, of_the_corpus, own

KEPT = Path(__file__).parents[1] / "data" / "filters" / "measured.json"
#: names of what is compared, and which letters it holds
SETS = ("own", "corpus")


def everything() -> dict[str, list[Letter]]:
    """Letters by set."""
    return {"own": [letter.without_our_pages() for letter in own()], "corpus": of_the_corpus()}


def measure(letters: Sequence[Letter]) -> dict[str, list[dict[str, Rules]]]:
    """Engine to the rules of each letter, by how it is marked; "" is without marks."""
    looks = [{"": letter.unmarked(), **{mark: letter.marked(mark) for mark in MARKS}} for letter in letters]
    flat = [message for look in looks for message in look.values()]
    with TemporaryDirectory() as folder:
        told = {SPAMASSASSIN: engines.spamassassin(flat, Path(folder))}
    with TemporaryDirectory() as folder, engines.rspamd(Path(folder)) as daemon:
        told[RSPAMD] = [daemon.rules(message) for message in flat]
    size = len(MARKS) + 1
    return {
        engine: [dict(zip(looks[0], rules[at : at + size], strict=True)) for at in range(0, len(rules), size)]
        for engine, rules in told.items()
    }


def summary(letters: dict[str, list[Letter]]) -> dict[str, Any]:
    """What is kept: versions, and for each set, engine and way of marking the rules that came and went."""
    kept: dict[str, Any] = {"versions": engines.versions(), "sets": {}}
    for name, each in letters.items():
        found = measure(each)
        kept["sets"][name] = {
            "letters": len(each),
            **{engine: {mark: changes(looks, mark) for mark in MARKS} for engine, looks in found.items()},
        }
    return kept


def changes(looks: Sequence[dict[str, Rules]], mark: str) -> dict[str, dict[str, float]]:
    """Rule to its points, and in how many letters it came with the marks or went."""
    told: dict[str, dict[str, float]] = {}
    for look in looks:
        before, after = look[""], look[mark]
        for rule in before.keys() ^ after.keys():
            line = told.setdefault(rule, {"points": round({**before, **after}[rule], 3), "came": 0, "went": 0})
            line["came" if rule in after else "went"] += 1
    return dict(sorted(told.items()))


def main() -> None:
    """Measure, and keep it."""
    if lacking := engines.missing():
        sys.exit(f"not installed: {', '.join(lacking)}; apt-get install spamassassin rspamd")
    KEPT.parent.mkdir(exist_ok=True)
    KEPT.write_text(json.dumps(summary(everything()), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
