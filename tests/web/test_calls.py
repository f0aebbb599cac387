"""The page of calls and what programs get of it, over hostile texts; and the score on a recipient's page."""

import csv
import html
import io
import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from tests.insight import seeding
from tests.web.conftest import HOSTILE, Asking
from tests.web.test_words import NAMES, Marks, drafts, unsaid, whole

from mailwake.boards import calls_view
from mailwake.events import EventType
from mailwake.insight.stores import Stores
from mailwake.scoring.calls import Calls, calls
from mailwake.scoring.desk import Desk
from mailwake.scoring.facts import ContactFacts, Contacts
from mailwake.scoring.model import DAY
from mailwake.store.state import LinkRow
from mailwake.web.app import create_app

NOW = seeding.micros(3 * DAY / 1_000_000)
OURS = {"Origin": "http://127.0.0.1:8026"}
LABEL = f"Pricing {HOSTILE}"
LINKS = (LinkRow(number=1, href="https://x.example/", label=LABEL, role="cta", tracked=True),)
TEXT = files("mailwake.scoring").joinpath("models/points-1.toml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    """Two who clicked and one who objects; hostile in every text."""
    opened = seeding.open_stores(tmp_path_factory.mktemp("calls"))
    mail = seeding.sending(opened, HOSTILE, links=LINKS)
    mail.people(["=ann@example.com", "ben@example.com", "gus@example.com"])
    for number in range(3):
        mail.add(EventType.SENT, number, 0)
        mail.add(EventType.CLICKED, number, 60 + number, link=1, role="cta", **seeding.HUMAN)
    mail.add(EventType.REPLIED, 0, 90)
    mail.write()
    yield opened
    seeding.close(opened)


@pytest.fixture(scope="module")
def desk(own: Stores) -> Desk:
    known = own.state.known_handles(["=ann@example.com", "gus@example.com"])
    told = {known["=ann@example.com"]: ContactFacts(name=HOSTILE, owner=HOSTILE, url="javascript:alert(1)")}
    contacts = Contacts(
        facts=lambda some: {each: told[each] for each in some if each in told},
        not_profiled=lambda: frozenset((known["gus@example.com"],)),
    )
    return Desk(contacts=contacts)


@pytest.fixture(scope="module")
def asking(own: Stores, desk: Desk) -> Asking:
    return Asking(create_app(own, wall=lambda: NOW, desk=desk))


@pytest.fixture(scope="module")
def marked(own: Stores, desk: Desk) -> Asking:
    """The same in a language that puts marks around each message."""
    return Asking(create_app(own, wall=lambda: NOW, desk=desk, language=Marks()))


def test_the_page_ranks_explains_and_escapes(asking: Asking) -> None:
    raw = asking.page("/calls")
    assert HOSTILE not in raw
    assert "javascript:" not in raw
    page = html.unescape(raw)
    assert page.index("=ann@example.com") < page.index("ben@example.com")
    assert "gus@example.com" not in page
    assert "answered (2 d ago)" in page
    assert "mailto:%3Dann@example.com?subject=" in page
    assert "Open in my mail program" in page
    assert '<option value="">anybody</option>' in page


def test_band_and_owner_stand_in_the_address(asking: Asking) -> None:
    assert "1 to call, Warm" in asking.page("/calls?band=Warm")
    assert "Nobody here" in asking.page("/calls?band=Cold")
    assert "Nobody here" in asking.page("/calls?owner=nobody")
    assert asking.get("/calls?band=Boiling").status_code == 400
    assert asking.get("/calls.csv?band=Boiling").status_code == 400


@pytest.mark.parametrize(
    ("band", "owner", "total", "said"),
    [
        ("", "", 501, "3 people with a score of 0 are left out"),
        ("Cold", "", 121, "1 person with a score of 0 is left out"),
        ("Warm", "", 382, ""),
        ("", "Eve", 7, ""),
    ],
)
def test_who_has_a_band_and_is_not_to_be_called_is_told(band: str, owner: str, total: int, said: str) -> None:
    bands = {"Hot": 0, "Warm": 382, "Cool": 0, "Cold": 122}
    answer = Calls(
        model="points", as_of=None, people=504, bands=bands, best_from=None,
        band=band, owner=owner, page=1, page_size=25, total=total, calls=(),
    )  # fmt: skip
    assert calls_view.values(answer, (), ZoneInfo("UTC"))["left_out"] == said


def test_the_table_is_whole_and_runs_nothing(asking: Asking) -> None:
    response = asking.get("/calls.csv")
    assert response.headers["content-disposition"] == 'attachment; filename="calls.csv"'
    rows = list(csv.DictReader(io.StringIO(response.text)))
    assert [(row["rank"], row["email"]) for row in rows] == [("1", "'=ann@example.com"), ("2", "ben@example.com")]
    assert rows[1]["last_act"] == "clicked_intent"
    assert not any((value or "").startswith(("=", "+", "-", "@")) for row in rows for value in row.values())


def test_programs_get_the_same_and_of_who_objects_nothing(asking: Asking) -> None:
    told = asking.get("/api/calls?page_size=1").json()
    assert (told["total"], told["bands"]["Hot"], len(told["calls"])) == (2, 1, 1)
    assert told["calls"][0]["follow_up"]["text"]
    ben = asking.get("/api/person?address=ben@example.com").json()
    assert sum(entry["millipoints"] for entry in ben["score"]["ledger"]) == ben["score"]["millipoints"] > 0
    gus = asking.get("/api/person?address=gus@example.com").json()["score"]
    assert (gus["score"], gus["band"], gus["ledger"], gus["why"]) == (None, "Not profiled", [], "")


def test_a_recipients_page_shows_the_ledger_or_why_there_is_none(asking: Asking) -> None:
    page = html.unescape(asking.page("/person?address=ben@example.com"))
    assert "What it is made of" in page
    assert "clicked, high intent: Pricing" in page
    refused = html.unescape(asking.page("/person?address=gus@example.com"))
    assert "Cannot say: they do not want to be profiled." in refused
    assert "What it is made of" not in refused


def test_another_model_and_a_table_of_leads_are_tried_and_refused_with_the_place(asking: Asking) -> None:
    def post(path: str, **given: str) -> tuple[int, dict[str, object]]:
        response = asking.get(path, method="POST", headers=OURS, body=json.dumps(given).encode())
        return response.status_code, response.json()

    status, told = post("/api/score/movers", model=TEXT.replace("points = 30", "points = 0"))
    assert (status, told["people"], told["moved"]) == (200, 2, 1)
    assert post("/api/score/movers", model="x = 1")[0] == 400
    assert post("/api/score/movers")[0] == 400
    assert post("/api/score/movers", model="#" * 150_000)[0] == 400
    status, told = post("/api/score/learn", leads="email,created_at,converted_at\nben@example.com,2026-01-01,\n")
    assert (status, told["is_better"]) == (200, False)
    assert post("/api/score/learn", leads="nothing")[0] == 400
    assert post("/api/score/movers", name="learned-1")[0] == 400
    assert post("/api/score/use", name="learned-1")[0] == 400
    status, told = post("/api/score/use", name="points-1")
    assert (status, told["model"], told["known"]) == (200, told["before"], [told["model"]])
    foreign = {"Origin": "https://evil.example"}
    assert asking.get("/api/score/use", method="POST", headers=foreign, body=b"{}").status_code == 403
    assert asking.get("/api/score/learn", method="POST", headers=foreign, body=b"{}").status_code == 403


def test_an_empty_installation_says_how_the_list_begins(tmp_path: Path) -> None:
    empty = seeding.open_stores(tmp_path)
    page = Asking(create_app(empty, wall=lambda: NOW)).page("/calls")
    assert "mailwake send letter.html people.csv" in page
    assert "<table" not in page
    seeding.close(empty)


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/calls",
            "/calls?band=Warm",
            "/calls?band=Cold&owner=owner%40example.com",
            f"/calls?{urlencode({'owner': HOSTILE})}",
        ),
        *("/person?address=%3Dann@example.com", "/person?address=gus@example.com"),
    ],
)
def test_calls_and_ledgers_are_made_of_messages_and_data(own: Stores, desk: Desk, marked: Asking, path: str) -> None:
    data = whole((*NAMES, HOSTILE, LABEL, *drafts(calls(own, desk, now=NOW))))
    assert not unsaid(marked.page(path), data)


def test_reasons_bands_and_refusals_are_said_on_pages_and_english_for_programs(asking: Asking, marked: Asking) -> None:
    page = html.unescape(marked.page("/calls"))
    assert "⟦answered (⟦2 d ago⟧)⟧" in page
    assert '<option value="Warm">⟦Warm⟧</option>' in page
    assert "⟦1 to call, ⟦Warm⟧⟧" in marked.page("/calls?band=Warm")
    refused = html.unescape(marked.page("/person?address=gus@example.com"))
    assert "⟦cannot say: they do not want to be profiled⟧." in refused
    for path in ("/api/calls", "/calls.csv", "/api/person?address=ben@example.com"):
        told = marked.get(path).text
        assert told == asking.get(path).text
        assert "⟦" not in told
