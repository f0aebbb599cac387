"""The rooms only import what docs/architecture.md says they may."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "mailwake"

WORDS = {
    "errors": set[str](),
    "modes": {"errors"},
    "tokens": {"errors", "modes"},
    "events": {"errors", "modes"},
    "sections": set[str](),
    "profiles": {"modes"},
    "settings": {"errors", "modes", "tokens", "sections", "profiles"},
    "hosts": {"errors", "sections", "settings", "tokens"},
    "copies": {"errors", "hosts", "tokens"},
    "language": set(),
    "guesses": set(),
}

#: DESIGN section 3: what a room may import besides the words and itself; None: everything.
MAY_IMPORT: dict[str, set[str] | None] = {
    "markup": set(),
    "compose": {"markup"},
    "clickmap": {"markup"},
    "eventlog": set(),
    "judge": set(),
    "stats": set(),
    "trials": {"stats"},
    "weighing": {"stats"},
    "store": set(),
    "leaving": {"store"},
    "consents": {"store"},
    "smtp": set(),
    "send": {"smtp", "compose", "eventlog", "store", "goals"},
    "merge": {"send", "smtp", "compose", "eventlog", "store"},
    "hygiene": {"atlas", "merge", "store"},
    "inert": set(),
    "edge": {"eventlog", "inert"},
    "notices": set(),
    "ingest": {"eventlog", "notices"},
    "webhooks": {"eventlog"},
    "queues": {"webhooks"},
    "goals": {"webhooks", "eventlog", "store"},
    "accesslog": {"eventlog"},
    "bounces": set(),
    "suppression": {"bounces", "store"},
    "history": {"judge", "store", "stats"},
    "origins": set(),
    "pipeline": {
        "inert",
        "eventlog",
        "origins",
        "bounces",
        "judge",
        "leaving",
        "suppression",
        "store",
        "history",
        "goals",
    },
    "monitoring": {"eventlog"},
    "insight": {"store", "stats", "trials"},
    "atlas": {"insight", "store", "stats"},
    "deliverability": {"atlas", "insight", "store", "stats"},
    "comparing": {"insight", "store", "stats"},
    "earnings": {"insight", "store", "stats", "segments", "goals"},
    "people": {"deliverability", "insight", "store"},
    "scoring": {"insight", "store", "stats", "weighing"},
    "salesforce": set(),
    "crm": {"insight", "salesforce", "scoring", "segments", "suppression", "store"},
    "pushing": {"crm", "salesforce", "scoring", "store"},
    "rules": {"crm", "salesforce", "segments", "insight", "store"},
    "workflows": {"rules", "crm", "scoring", "insight", "notifying", "segments", "store"},
    "drawing": {"insight", "comparing"},
    "boards": {
        "rules",
        "workflows",
        "pushing",
        "store",
        "insight",
        "bulletins",
        "experiments",
        "atlas",
        "deliverability",
        "leaving",
        "consents",
        "suppression",
        "monitoring",
        "notifying",
        "drawing",
        "scoring",
    },
    "printing": {
        "insight",
        "experiments",
        "atlas",
        "deliverability",
        "comparing",
        "drawing",
        "views",
        "boards",
        "earnings",
    },
    "views": {"insight", "comparing", "people", "segments", "drawing", "clickmap", "earnings", "goals"},
    "apidoc": {
        "consents",
        "hygiene",
        "workflows",
        "pushing",
        "insight",
        "atlas",
        "bulletins",
        "comparing",
        "deliverability",
        "earnings",
        "experiments",
        "exports",
        "monitoring",
        "notifying",
        "people",
        "scoring",
        "segments",
    },
    "segments": {"insight", "store"},
    "experiments": {"earnings", "insight", "store", "stats", "trials", "merge", "send"},
    "notifying": {"store"},
    "orgpackage": {"salesforce"},
    "bulletins": {"insight", "drawing", "smtp", "store"},
    "exports": {"insight", "people", "segments", "suppression", "drawing", "store"},
    "serving": {"clickmap"},
    "web": {
        "serving",
        "apidoc",
        "send",
        "merge",
        "hygiene",
        "leaving",
        "consents",
        "suppression",
        "insight",
        "atlas",
        "deliverability",
        "comparing",
        "earnings",
        "people",
        "segments",
        "experiments",
        "rules",
        "workflows",
        "pushing",
        "scoring",
        "store",
        "monitoring",
        "drawing",
        "views",
        "boards",
        "bulletins",
        "clickmap",
        "exports",
        "notifying",
    },
    "cli": None,
    "simulate": set(),
    "worlds": {"simulate"},
    "exchange": {"pipeline", "bounces", "webhooks"},
}

FILES = sorted(SOURCE.rglob("*.py"))


def rooms_used_by(path: Path) -> Iterator[tuple[int, str]]:
    """(line, room) for every import of our own package, also inside functions and under TYPE_CHECKING."""
    here = ["mailwake", *path.relative_to(SOURCE).with_suffix("").parts]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            targets = [alias.name.split(".") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = here[: len(here) - node.level] if node.level else []
            base = base + (node.module.split(".") if node.module else [])
            targets = [[*base, alias.name] for alias in node.names]
        else:
            continue
        for target in targets:
            if target[0] == "mailwake" and len(target) > 1:
                yield node.lineno, target[1]


def test_there_is_something_to_check() -> None:
    assert len(FILES) > 40


def test_the_map_and_the_disk_name_the_same_rooms() -> None:
    assert {p.parent.name for p in SOURCE.glob("*/__init__.py")} == set(MAY_IMPORT)
    assert {p.stem for p in SOURCE.glob("*.py")} - {"__init__", "__main__"} == set(WORDS)


def test_imports_follow_the_map() -> None:
    wrong = [line for path in FILES for line in against_the_map(path)]
    assert not wrong, "\n".join(wrong)


def against_the_map(path: Path) -> Iterator[str]:
    """What a file imports and may not."""
    room = path.relative_to(SOURCE).parts[0].removesuffix(".py")
    if room in ("__init__", "__main__") or (room not in WORDS and MAY_IMPORT[room] is None):
        return
    allowed = {room} | (WORDS[room] if room in WORDS else (MAY_IMPORT[room] or set()) | set(WORDS))
    for line, used in rooms_used_by(path):
        if used not in allowed:
            yield f"{path.relative_to(SOURCE)}:{line} imports {used}"


def test_the_emulator_and_the_product_do_not_know_each_other() -> None:
    """What agrees because it shares code proves nothing: each is written from what Salesforce does."""
    emulator = sorted((ROOT / "emulators" / "salesforce").rglob("*.py"))
    assert len(emulator) > 30
    for files, stranger in ((FILES, "salesforce_emulator"), (emulator, "mailwake")):
        wrong = [f"{path}:{line}" for path in files for line, name in _imported(path) if name.split(".")[0] == stranger]
        assert not wrong, f"{stranger} is imported by {wrong}"


def _imported(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.lineno, node.module or ""


def test_sql_stands_in_the_store_alone() -> None:
    statement = re.compile(
        r"""["'\s](select\s.+\sfrom|insert\s+into|update\s+\w+\s+set|delete\s+from)\s""", re.IGNORECASE
    )
    allowed = (SOURCE / "store", SOURCE / "eventlog")  # the SQLite log is an engine: its statements are its format
    for path in FILES:
        if not path.is_relative_to(allowed[0]) and not path.is_relative_to(allowed[1]):
            code = "\n".join(_strings(path))
            assert not statement.search(code), f"{path} holds SQL"


def _strings(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.value


def test_the_map_is_told_the_same_way_everywhere() -> None:
    told = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    front = (SOURCE / "__init__.py").read_text(encoding="utf-8")
    for room in MAY_IMPORT:
        assert re.search(rf"^\| `?{room}`? \|", told, re.MULTILINE), f"docs/architecture.md has no row for {room}"
        assert re.search(rf"^    {room} ", front, re.MULTILINE), f"the package docstring does not name {room}"


def test_no_group_is_repeated_possessively() -> None:
    """CPython before 3.11.5 then goes on from the wrong place; an atomic group around the repeat says the same.

    Source: https://github.com/python/cpython/issues/106052
    """
    possessive = re.compile(r"\)(?:[*+?]|\{[0-9,]+\})\+")
    for path in sorted(SOURCE.rglob("*.py")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            assert not possessive.search(line), f"{path.name}:{number}: write (?>(?:…)*) instead of (?:…)*+"


def test_the_dashboard_comes_up_without_what_only_terminals_need() -> None:
    """`mailwake serve` keeps rich out of its roles (`cli/role.py`), so no page may need it."""
    program = "import sys; sys.modules['rich'] = None; import mailwake.web.app, mailwake.cli.web"
    subprocess.run([sys.executable, "-c", program], check=True)
