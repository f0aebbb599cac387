"""A metric is one number, wherever it stands: page, API, command line, mailed report and pack, rate by rate."""

import csv
import html
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.every import every
from tests.insight import seeding
from tests.web.conftest import Asking

from mailwake.bulletins.letter import build
from mailwake.cli import report
from mailwake.cli.init import make
from mailwake.exports.pack import Maker, make_pack, signing_key
from mailwake.insight.metrics import metrics
from mailwake.insight.report import find, overview
from mailwake.sections import Report
from mailwake.tokens import KeyRing
from mailwake.web.app import create_app

NAME = "Crowd"
#: those that pages tell of conversions stand elsewhere, and have no part in a campaign's report
RATES = [metric.id for metric in metrics().values() if metric.source != "earnings"]
NUMBERS = ("count", "base", "rate", "low", "high", "expected", "confidence")
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Surfaces:
    """What each tells of one campaign; rates by id."""

    api: dict[str, Row]
    printed: dict[str, Row]
    spreadsheet: dict[str, Row]
    packed: dict[str, Row]
    page: str
    mail: str


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Surfaces]:
    folder = tmp_path_factory.mktemp("installation")
    make(folder, base_url="http://localhost:8025", brand="Example", individual=True)
    seed(folder / "mailwake-data")
    with pytest.MonkeyPatch.context() as patched:
        printed = json.loads(command(folder, patched, as_json=True))
        spreadsheet = csv.DictReader(io.StringIO(command(folder, patched, as_csv=True)))
    stores = seeding.open_stores(folder / "mailwake-data")
    campaign, asking = find(stores, NAME), Asking(create_app(stores))
    mail = build(
        overview(stores),
        Report(campaigns=(NAME,), sender="reports@example.com"),
        name="weekly",
        at=datetime.now(UTC),
        zone=stores.zone,
        url="http://127.0.0.1:8026",
    ).get_body(("plain",))
    assert mail is not None
    pack = make_pack(
        stores, campaign, folder / "pack.zip", Maker(key=signing_key(KeyRing({1: bytes(32)})), rules=lambda _: None)
    )
    yield Surfaces(
        api=by_metric(asking.get(f"/api/campaigns/{campaign.id}").json()["rates"]),
        printed=by_metric(printed["rates"]),
        spreadsheet=by_metric(spreadsheet),
        packed=by_metric(pack["headline"]),
        page=html.unescape(asking.page(f"/campaigns/{campaign.id}")),
        mail=mail.get_content(),
    )
    seeding.close(stores)


def seed(data: Path) -> None:
    """A campaign with something in every rate, between others that could be taken for it."""
    stores = seeding.open_stores(data)
    seeding.by_hand(stores)
    seeding.crowd(stores, NAME, people=400)
    seeding.crowd(stores, "Another", people=90, seed=5)
    seeding.close(stores)


def command(folder: Path, patched: pytest.MonkeyPatch, **how: Any) -> str:
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="")
    patched.setattr("sys.stdout", out)
    report.command(NAME, config=str(folder / "mailwake.toml"), **how)
    patched.undo()
    out.flush()
    return out.buffer.getvalue().decode()


def by_metric(rows: Any) -> dict[str, Row]:
    return {row["metric"]: row for row in rows}


def is_shown_as(shown: str, rate: float | None) -> bool:
    """Whether a percentage is this rate, to its last digit."""
    number = re.fullmatch(r"(?P<whole>\d+)(?:\.(?P<places>\d+))?\s%", shown)
    if rate is None or number is None:
        return rate is None and number is None
    unit = 10.0 ** -len(number["places"] or "")
    return abs(float(shown.split(maxsplit=1)[0]) - 100 * rate) <= 0.501 * unit


def test_every_rate_is_told_and_says_something(told: Surfaces) -> None:
    assert list(told.api) == RATES
    assert sum(row["rate"] not in (None, 0) for row in told.api.values()) >= 14


@every("metric", RATES)
def test_page_and_command_tell_what_the_api_tells(told: Surfaces, metric: str) -> None:
    answer, line = told.api[metric], told.spreadsheet[metric]
    assert told.printed[metric] == answer
    for name in NUMBERS:
        assert line[name] == ("" if answer[name] is None else str(answer[name])), name
    shown = re.search(rf"<dt>([^<]*): ([^<]*)</dt><dd>[^<]*<code>{metric}</code>", told.page)
    assert shown is not None
    assert shown[1] == answer["label"]
    assert is_shown_as(shown[2], answer["rate"]), (shown[2], answer["rate"])


@every("metric", [each for each in RATES if metrics()[each].source == "tally"])
def test_a_pack_tells_the_same(told: Surfaces, metric: str) -> None:
    assert {name: told.packed[metric][name] for name in NUMBERS} == {name: told.api[metric][name] for name in NUMBERS}


@pytest.mark.parametrize("of", ["page", "mail"])
def test_figures_that_stand_out_are_the_same(told: Surfaces, of: str) -> None:
    find_in: Callable[[Row], tuple[str, str] | None] = in_tile if of == "page" else in_letter
    found = {metric: find_in({"text": getattr(told, of), **row}) for metric, row in told.api.items()}
    shown = {metric: each for metric, each in found.items() if each is not None}
    assert len(shown) >= 6
    for metric, (percent, base) in shown.items():
        assert is_shown_as(percent, told.api[metric]["rate"]), metric
        assert int(base.replace(",", "")) == told.api[metric]["base"], metric


def in_tile(row: Row) -> tuple[str, str] | None:
    """Percentage and base of a tile."""
    name = rf'<span class="name">{re.escape(row["label"])}</span>\s*<span class="figure">([^<]*)</span>'
    found = re.search(rf"{name}.*?of ([\d,]+) {re.escape(row['base_name'])}", row["text"], re.DOTALL)
    return (found[1], found[2]) if found else None


def in_letter(row: Row) -> tuple[str, str] | None:
    """Percentage and base of a line of the mailed report; it tells of this campaign alone."""
    label = rf"^  {re.escape(row['label'])}: ([\d.]+\s%),?(?: [\d,]+)? of ([\d,]+) {re.escape(row['base_name'])}"
    found = re.search(label, row["text"], re.MULTILINE)
    return (found[1], found[2]) if found else None
