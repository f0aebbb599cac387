"""The rooms only import what docs/architecture.md says they may."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.sources import source

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "mailwake"

WORDS = {
    "errors": set[str](),
    "modes": {"errors"},
    "tokens": {"errors", "modes"},
    "events": {"errors", "modes"},
    "sections": set[str](),
    "more_sections": set[str](),
    "profiles": {"modes"},
    "settings": {"more_sections", "errors", "modes", "tokens", "sections", "profiles"},
    "hosts": {"errors", "sections", "settings", "tokens"},
    "copies": {"errors", "hosts", "tokens"},
    "language": set(),
    "guesses": set(),
    "reduced": {"events", "modes"},
    "sheets": {"errors"},
    "forms": set(),
    "files": set(),
    "idn": set(),
    "beside": set(),
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
    "sampling": {"stats"},
    "store": set(),
    "audit": {"store"},
    "oidc": set(),
    "leaving": {"store"},
    "consents": {"drawing", "store"},
    "smtp": set(),
    "send": {"smtp", "compose", "eventlog", "store", "goals"},
    "merge": {"send", "smtp", "compose", "eventlog", "store"},
    "hygiene": {"atlas", "merge", "store"},
    "inert": set(),
    "detours": set(),
    "edge": {"eventlog", "inert", "detours"},
    "notices": set(),
    "ingest": {"eventlog", "notices"},
    "webhooks": {"eventlog"},
    "queues": {"webhooks"},
    "goals": {"webhooks", "eventlog", "store"},
    "accesslog": {"inert", "edge", "eventlog"},
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
    "insight": {"store", "stats", "trials", "sampling"},
    "atlas": {"insight", "store", "stats"},
    "deliverability": {"atlas", "insight", "store", "stats"},
    "comparing": {"insight", "store", "stats"},
    "earnings": {"insight", "store", "stats", "segments", "goals"},
    "postmaster": {"deliverability", "insight", "markup", "store"},
    "people": {"comparing", "deliverability", "insight", "store"},
    "scoring": {"insight", "store", "stats", "weighing"},
    "salesforce": set(),
    "crm": {"insight", "salesforce", "scoring", "segments", "suppression", "store"},
    "closings": {"crm", "eventlog", "goals", "salesforce", "store"},
    "pushing": {"closings", "crm", "salesforce", "scoring", "store"},
    "native": {"crm", "salesforce", "insight", "store"},
    "rules": {"crm", "salesforce", "segments", "insight", "store"},
    "workflows": {"rules", "crm", "scoring", "insight", "notifying", "segments", "store"},
    "drawing": {"insight", "comparing"},
    "boards": {
        "audit",
        "rules",
        "workflows",
        "pushing",
        "store",
        "insight",
        "bulletins",
        "preflight",
        "experiments",
        "atlas",
        "deliverability",
        "postmaster",
        "leaving",
        "consents",
        "suppression",
        "monitoring",
        "notifying",
        "drawing",
        "scoring",
        "native",
    },
    "printing": {
        "insight",
        "experiments",
        "atlas",
        "deliverability",
        "postmaster",
        "comparing",
        "drawing",
        "views",
        "boards",
        "earnings",
        "native",
        "preflight",
    },
    "signposts": {"access", "drawing", "framing", "insight", "people", "scoring", "serving", "store"},
    "views": {"insight", "comparing", "people", "segments", "drawing", "clickmap", "earnings", "goals"},
    "apidoc": {
        "audit",
        "consents",
        "hygiene",
        "workflows",
        "pushing",
        "insight",
        "atlas",
        "bulletins",
        "comparing",
        "deliverability",
        "postmaster",
        "earnings",
        "experiments",
        "exports",
        "monitoring",
        "preflight",
        "notifying",
        "people",
        "scoring",
        "segments",
        "native",
        "retention",
        "watchdog",
    },
    "segments": {"deliverability", "insight", "store"},
    "experiments": {"earnings", "insight", "store", "stats", "trials", "merge", "send"},
    "visiting": set(),
    "spf": set(),
    "signatures": {"spf"},
    "looks": {"markup"},
    "preflight": {"markup", "looks", "compose", "visiting", "spf", "signatures"},
    "notifying": {"store", "visiting"},
    "rights": {"crm", "insight", "notifying", "people", "pushing", "scoring", "segments", "store"},
    "backup": {"inert", "eventlog", "insight", "pipeline", "rights", "store"},
    "disclosure": {"edge", "rights"},
    "orgpackage": {"salesforce"},
    "processing": set(),
    "bulletins": {"insight", "drawing", "sampling", "smtp", "store"},
    "exports": {"insight", "people", "segments", "suppression", "drawing", "store"},
    "access": {"store"},
    "serving": {"access", "audit", "clickmap", "store"},
    "trails": {"crm", "drawing", "framing", "insight", "people", "segments", "store", "web"},
    "entrance": {"access", "drawing", "framing", "oidc", "serving", "store"},
    "framing": {
        "access",
        "consents",
        "drawing",
        "earnings",
        "experiments",
        "insight",
        "people",
        "sampling",
        "segments",
        "serving",
        "store",
    },
    "retention": {"eventlog", "pipeline", "store"},
    "web": {
        "trails",
        "framing",
        "signposts",
        "access",
        "audit",
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
        "postmaster",
        "comparing",
        "earnings",
        "people",
        "segments",
        "experiments",
        "rules",
        "workflows",
        "pushing",
        "sampling",
        "scoring",
        "store",
        "monitoring",
        "drawing",
        "views",
        "boards",
        "bulletins",
        "clickmap",
        "exports",
        "preflight",
        "notifying",
        "native",
        "retention",
        "watchdog",
    },
    "watchdog": {"detours", "visiting", "compose", "insight", "drawing", "store"},
    "cli": None,
    "simulate": set(),
    "worlds": {"simulate"},
    "exchange": {"origins", "pipeline", "bounces", "webhooks"},
}

FILES = sorted(SOURCE.rglob("*.py"))


def rooms_used_by(path: Path) -> Iterator[tuple[int, str]]:
    """(line, room) for every import of our own package, also inside functions and under TYPE_CHECKING."""
    here = ["mailwake", *path.relative_to(SOURCE).with_suffix("").parts]
    for found in source(path).imports:
        base = here[: len(here) - found.level] if found.level else []
        base = base + (found.module.split(".") if found.module else [])
        targets = [base] if found.names is None else [[*base, name] for name in found.names]
        for target in targets:
            if target[0] == "mailwake" and len(target) > 1:
                yield found.line, target[1]


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
    return ((found.line, found.module) for found in source(path).imports if not found.level)


def test_the_days_of_last_opens_are_read_for_list_hygiene_and_for_what_people_and_the_law_ask_alone() -> None:
    """No segment, score, page, rule or org ever asks for them; rights tell people what is known of themselves."""
    readers = {"hygiene", "retention", "rights"}
    wires = {Path("web/privacy.py"), Path("cli/hygiene.py"), Path("cli/privacy/retention.py")}
    for path in FILES:
        place, text = path.relative_to(SOURCE), path.read_text(encoding="utf-8")
        if "mailwake.store.days" in text:
            assert place.parts[0] in readers or place in wires or place.parts[:2] == ("store", "days"), place
        if re.search(r"schema\.open_days|[\"']open_days[\"']", text):
            assert place.parts[:2] in {("store", "days"), ("store", "state"), ("store", "rights")}, place


def test_sql_stands_in_the_store_alone() -> None:
    statement = re.compile(
        r"""["'\s](select\s.+\sfrom|insert\s+into|update\s+\w+\s+set|delete\s+from)\s""", re.IGNORECASE
    )
    allowed = (SOURCE / "store", SOURCE / "eventlog")  # the SQLite log is an engine: its statements are its format
    for path in FILES:
        if not path.is_relative_to(allowed[0]) and not path.is_relative_to(allowed[1]):
            code = "\n".join(source(path).strings)
            assert not statement.search(code), f"{path} holds SQL"


def test_the_map_is_told_the_same_way_everywhere() -> None:
    told = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").partition("## The life of a click")[0]
    front = (SOURCE / "__init__.py").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `?(\w+)`? \| .* \| ([^|]+) \|$", told, re.MULTILINE))
    assert set(rows) - {"room"} == set(MAY_IMPORT)
    for room, allowed in MAY_IMPORT.items():
        arrows = {"everything"} if allowed is None else allowed or {"\N{EN DASH}"}
        assert set(rows[room].split(", ")) == arrows, f"docs/architecture.md tells other arrows of {room}"
        assert re.search(rf"^    {room} ", front, re.MULTILINE), f"the package docstring does not name {room}"


def test_no_group_is_repeated_possessively() -> None:
    """CPython before 3.11.5 then goes on from the wrong place; an atomic group around the repeat says the same.

    Source: https://github.com/python/cpython/issues/106052
    """
    possessive = re.compile(r"\)(?:[*+?]|\{[0-9,]+\})\+")
    for path in sorted(SOURCE.rglob("*.py")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            assert not possessive.search(line), f"{path.name}:{number}: write (?>(?:…)*) instead of (?:…)*+"


@pytest.mark.long
def test_the_dashboard_comes_up_without_what_only_terminals_need() -> None:
    """`mailwake serve` keeps rich out of its roles (`cli/role.py`), so no page may need it."""
    program = (
        "import sys; sys.modules['rich'] = None; import mailwake.web.app, mailwake.cli.web, mailwake.bulletins.postman"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
