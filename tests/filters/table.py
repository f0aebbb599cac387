"""The table of docs/explain/filters.md, from the last run that was kept."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from tests.filters.engines import RSPAMD, SPAMASSASSIN
from tests.filters.letters import MARKS
from tests.filters.measure import KEPT

SETS = {"own": "letters of our own", "corpus": "messages of the corpus"}
_STEP = re.compile(r"_[0-9]{1,2}$")


def family(rule: str) -> str:
    """Rules that differ in their last number are steps of one: a page that grows moves from step to step."""
    return _STEP.sub("", rule)


def cost(rules: Mapping[str, Mapping[str, float]]) -> dict[str, int]:
    """Family of rules with points to how many more letters meet it than before; those that more or fewer do."""
    more: Counter[str] = Counter()
    for rule, line in rules.items():
        if line["points"] > 0:
            more[family(rule)] += int(line["came"] - line["went"])
    return {name: count for name, count in sorted(more.items()) if count}


def render() -> str:
    """One row per filter, set of letters, and way of marking them."""
    kept: dict[str, Any] = json.loads(KEPT.read_text(encoding="utf-8"))
    rows = [
        "| filter | letters | marks | rules with points that more letters meet | that fewer meet |",
        "|---|---|---|---|---|",
    ]
    for engine in (SPAMASSASSIN, RSPAMD):
        for name, words in SETS.items():
            found = kept["sets"][name]
            for mark in MARKS:
                more = cost(found[engine][mark])
                cells = [f"{engine} {kept['versions'][engine]}", f"{found['letters']} {words}", mark]
                cells += [_cell(more, found[engine][mark], sign) for sign in (1, -1)]
                rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def _cell(more: Mapping[str, int], rules: Mapping[str, Mapping[str, float]], sign: int) -> str:
    return (
        ", ".join(
            f"`{name}` ({abs(count)} letters, {_points(name, rules)})"
            for name, count in more.items()
            if count * sign > 0
        )
        or "none"
    )


def _points(name: str, rules: Mapping[str, Mapping[str, float]]) -> str:
    points = [line["points"] for rule, line in rules.items() if family(rule) == name]
    return f"{min(points):g} points" if min(points) == max(points) else f"{min(points):g} to {max(points):g} points"
