"""Forty texts that would run somewhere, as names of campaigns, subjects and links: text on every page (AT-59)."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tests.access.test_routes import Markup
from tests.every import every
from tests.insight import seeding
from tests.web.conftest import Asking

from mailwake.exports.formats import csv_parts
from mailwake.store.state import LinkRow
from mailwake.web.app import create_app

#: In the manner of OWASP's cheat sheet on filter evasion; templates, a formula.
PAYLOADS: tuple[str, ...] = tuple(
    json.loads((Path(__file__).parents[1] / "data" / "payloads.json").read_text(encoding="utf-8"))
)


class Words(HTMLParser):
    """What a reader reads of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.read: list[str] = []
        self.feed(page)

    def handle_data(self, data: str) -> None:
        self.read.append(data.strip())


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    stores = seeding.open_stores(tmp_path_factory.mktemp("data"))
    for number, payload in enumerate(PAYLOADS, 1):
        link = LinkRow(number=1, href="https://example.com/", label=payload, role="cta", tracked=True)
        seeding.crowd(stores, f"{number} {payload}", people=12, links=(link,), subject=payload, seed=number)
    yield Asking(create_app(stores, wall=lambda: seeding.micros(3 * 86_400)))
    seeding.close(stores)


def test_there_are_forty_and_they_would_be_found() -> None:
    assert len(set(PAYLOADS)) == 40
    assert sum(bool(Markup(payload).found) for payload in PAYLOADS) > 20


@every(
    "number",
    # each of them is on the first page in any case
    [
        number if number % 4 == 1 else pytest.param(number, marks=pytest.mark.long)
        for number in range(1, len(PAYLOADS) + 1)
    ],
)
def test_a_campaign_of_that_name_is_text(asking: Asking, number: int) -> None:
    payload = PAYLOADS[number - 1]
    for path in (f"/campaigns/{number}", f"/campaigns/{number}/people", f"/campaigns/{number}/timing"):
        page = asking.page(path)
        assert Markup(page).found == [], path
    words = Words(asking.page(f"/campaigns/{number}")).read
    assert any(payload.replace("\x0c", " ") in each.replace("\x0c", " ") for each in words)
    assert f"{number} 49" not in words


def test_all_of_them_on_one_page_are_text(asking: Asking) -> None:
    assert Markup(asking.page("/")).found == []


def test_as_cells_they_are_whole_and_none_is_run() -> None:
    text = b"".join(csv_parts({"word": "text"}, [[[payload] for payload in PAYLOADS]])).decode()
    cells = [row[0] for row in csv.reader(io.StringIO(text, newline=""))][1:]
    assert [cell.removeprefix("'") for cell in cells] == [payload.removeprefix("'") for payload in PAYLOADS]
    assert not any(cell[0] in "=+-@\t\r" for cell in cells)
