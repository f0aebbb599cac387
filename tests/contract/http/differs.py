"""Where another server does not do what the suite demands, and what it does instead: `differs.toml`.

Every row is tested: the engine has to do exactly this, so the table cannot go stale; two things with "or" between them
where it is a matter of moments which of them comes. Our own has no row. What it says is rendered into
docs/explain/edge.md by `python tools/regenerate_docs.py`.
"""

import importlib
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

TABLE: dict[str, dict[str, str | dict[str, str]]] = tomllib.loads(
    Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
)
#: cases named in one cell
_SHOWN = 5
MODULES = ("conformance", "abuse", "time", "stop")


def sentence(test: str, case: object = None) -> str:
    """A test's name in words, with its case."""
    words = test.removeprefix("test_").replace("_", " ")
    return f"{words}: {case}" if case is not None else words


def _rows() -> Iterator[tuple[tuple[str, str], str]]:
    for engine, promises in TABLE.items():
        for promise, said in promises.items():
            if isinstance(said, str):
                yield (engine, promise), said
            else:
                yield from (((engine, f"{promise}: {case}"), what) for case, what in said.items())


#: (engine, sentence of the test) → what happens there
DIFFERS = dict(_rows())


def promises() -> dict[str, int]:
    """Every promise of the suite, and how many cases it has."""
    found: dict[str, int] = {}
    for name in MODULES:
        module = importlib.import_module(f"tests.contract.http.test_{name}")
        found |= {sentence(test): _cases(module, test) for test in vars(module) if test.startswith("test_")}
    return found


def _cases(module: ModuleType, test: str) -> int:
    marks = getattr(getattr(module, test), "pytestmark", [])
    return next((len(mark.args[1]) for mark in marks if mark.name == "parametrize"), 1)


def render() -> str:
    """The table as it stands in the docs: a row per promise that somebody does not keep, what is done instead last."""
    known = promises()
    engines = list(TABLE)
    lines = [
        f"The suite makes {len(known)} promises in {sum(known.values())} cases. Ours keeps all of them; "
        + "; ".join(f"{name} differs in {sum(1 for engine, _ in DIFFERS if engine == name)} cases" for name in engines)
        + ".\n",
        f"| promise | {' | '.join(engines)} |",
        f"|---|{'---|' * len(engines)}",
    ]
    for promise, count in known.items():
        cells = [_cell(TABLE[engine].get(promise), count) for engine in engines]
        if any(cells):
            lines.append(f"| {promise} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _cell(said: str | dict[str, str] | None, count: int) -> str:
    """What an engine does instead, with the cases in which it does."""
    if said is None:
        return ""
    if isinstance(said, str):
        return said
    by_outcome: defaultdict[str, list[str]] = defaultdict(list)
    for case, what in said.items():
        by_outcome[what].append(case)
    told = (f"{what} ({_names(cases)})" for what, cases in by_outcome.items())
    return f"{len(said)} of {count}: {'; '.join(told)}"


def _names(cases: list[str]) -> str:
    """The first few; the rest stands in the file."""
    shown = " · ".join(case.replace("|", "\\|").replace("<", "&lt;") for case in cases[:_SHOWN])
    return shown if len(cases) <= _SHOWN else f"{shown} · {len(cases) - _SHOWN} more"
