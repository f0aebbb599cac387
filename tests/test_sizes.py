"""Nothing grows past what one person can hold in mind; the ceilings are those of the house plan."""

from collections.abc import Iterator
from pathlib import Path

from tests.every import every
from tests.sources import source

SOURCE = Path(__file__).parents[1] / "src" / "mailwake"
FILES = sorted(p for p in SOURCE.rglob("*.py") if p.read_text(encoding="utf-8").strip())
ROOMS = sorted(p.parent for p in SOURCE.glob("*/__init__.py"))

MAX_FUNCTION, MAX_FILE, MAX_ROOM, MAX_EDGE_FILE = 60, 500, 2_500, 120
MAX_EMULATOR = 6_500
MAX_DEPTH, MAX_PARAMETERS, MAX_SQL, MAX_TEMPLATE = 3, 8, 60, 200
#: one screen per endpoint; the HTTP layer and the application object are the two files apart
ENDPOINTS = ("pixel", "click", "goal", "unsubscribe", "preferences")


def lines(path: Path) -> int:
    return path.read_text(encoding="utf-8").count("\n")


def test_files_and_functions_stay_small() -> None:
    wrong = [f"{path.relative_to(SOURCE)}: {what}" for path in FILES for what in too_large(path)]
    assert not wrong, "\n".join(wrong)


def too_large(path: Path) -> Iterator[str]:
    """What in a file is past a ceiling."""
    place = path.relative_to(SOURCE).parts
    if lines(path) > MAX_FILE or len(place) - 1 > MAX_DEPTH:
        yield f"{lines(path)} lines, {len(place) - 1} deep"
    for function in source(path).functions:
        if function.length > MAX_FUNCTION:
            yield f"{function.name} has {function.length} lines"
        if place[0] != "cli" and function.parameters > MAX_PARAMETERS + 1:  # a command has as many as it has options
            yield f"{function.name} takes {function.parameters} parameters"


@every("room", ROOMS, ids=lambda p: p.name)
def test_rooms_stay_small(room: Path) -> None:
    """The stores share a room by name only; a command of several files has a folder, which is counted by itself."""
    folders = [each.parent.name for each in room.glob("*/__init__.py")]
    apart = folders if room.name in ("store", "cli") else []
    assert all(_size(room / part) <= MAX_ROOM for part in apart)
    total = _size(room) - sum(_size(room / part) for part in apart)
    assert total <= (MAX_ROOM if room.name != "cli" else 2 * MAX_ROOM)


def _size(room: Path) -> int:
    return sum(lines(p) for p in room.rglob("*.py") if "versions" not in p.parts)


def test_functions_are_short_nine_times_in_ten() -> None:
    lengths = sorted(function.length for path in FILES for function in source(path).functions)
    assert lengths[len(lengths) // 2] <= 12
    assert lengths[len(lengths) * 9 // 10] <= 30


@every("endpoint", ENDPOINTS)
def test_an_endpoint_is_one_screen(endpoint: str) -> None:
    assert lines(SOURCE / "edge" / f"{endpoint}.py") <= MAX_EDGE_FILE


def test_the_emulator_stays_small() -> None:
    """The same ceilings for its files and functions; it has one for all of it instead of rooms."""
    emulator = SOURCE.parents[1] / "emulators" / "salesforce" / "src" / "salesforce_emulator"
    files = sorted(emulator.rglob("*.py"))
    assert files
    assert all(lines(path) <= MAX_FILE for path in files)
    wrong = [
        f"{path.name}: {function.name}"
        for path in files
        for function in source(path).functions
        if function.length > MAX_FUNCTION
    ]
    assert not wrong, "\n".join(wrong)
    assert sum(lines(path) for path in files) <= MAX_EMULATOR


def test_queries_and_templates_stay_small() -> None:
    written = SOURCE / "store" / "state" / "newest.sql"  # by `make docs`: a table a line
    queries, templates = (
        [path for path in SOURCE.rglob("*.sql") if path != written],
        list(SOURCE.rglob("templates/*.html")),
    )
    assert queries
    assert templates
    assert all(lines(path) <= MAX_SQL for path in queries)
    assert all(lines(path) <= MAX_TEMPLATE for path in templates)
