"""Segments on the dashboard: asked while one writes, kept, looked into, deleted; and by programs."""

import html
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from tests.every import every
from tests.insight import seeding
from tests.web.conftest import Asking

from mailwake.events import EventType
from mailwake.insight.stores import Stores
from mailwake.segments import keeper
from mailwake.web.app import create_app

#: a week after the ten copies
NOW = seeding.micros(7 * 24 * seeding.HOUR)
OURS = {"Origin": "http://127.0.0.1:8026"}
FORM = {**OURS, "Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Stores]:
    opened = seeding.open_stores(tmp_path)
    seeding.by_hand(opened)
    yield opened
    seeding.close(opened)


@pytest.fixture
def asking_own(own: Stores) -> Asking:
    return Asking(create_app(own, wall=lambda: NOW))


def post(asking: Asking, **fields: str) -> int:
    return asking.get("/segments", method="POST", headers=FORM, body=urlencode(fields).encode()).status_code


def test_a_query_is_explained_and_counted_as_it_stands(asking_own: Asking) -> None:
    page = html.unescape(asking_own.page("/segments?" + urlencode({"query": "opened as anybody"})))
    assert "4 of 10 people" in page
    assert "People who opened a mail, whoever did it." in page
    assert '<option value="opened as anybody and">' in page


def test_a_query_that_is_not_understood_says_where_and_what_was_meant(asking_own: Asking) -> None:
    page = html.unescape(asking_own.page("/segments?" + urlencode({"query": "opened as humn"})))
    assert "at character 11: 'humn' is not understood here; did you mean 'human'?" in page
    assert 'name="act" value="add"' not in page


def test_the_editor_offers_names_of_campaigns_and_links(asking_own: Asking) -> None:
    assert '"By hand"' in html.unescape(asking_own.page("/segments?" + urlencode({"query": "clicked in campaign "})))
    assert '"Shop now"' in html.unescape(asking_own.page("/segments?" + urlencode({"query": "clicked "})))
    page = html.unescape(asking_own.page("/segments?" + urlencode({"query": 'clicked "now'})))
    assert '<option value="clicked "Shop now"">' in page
    assert "write part of a link's label or target and close it with a quote" in page
    page = html.unescape(asking_own.page("/segments?" + urlencode({"query": 'clicked country "germ'})))
    assert '"DE"' in page
    assert "Germany" in page


def test_a_segment_is_kept_shown_exported_and_deleted(asking_own: Asking, own: Stores) -> None:
    assert post(asking_own, act="add", name="Readers", query="opened as anybody", kind="live") == 303
    page = asking_own.page("/segments")
    assert '<a href="/segments/Readers">Readers</a>' in page
    assert "<polyline" in page
    people = asking_own.page("/segments/Readers")
    assert [f"person{n}@example.com" in people for n in range(5)] == [True, True, True, True, False]
    assert [each.made_by for each in own.state.segments()] == ["dashboard"]
    assert post(asking_own, act="delete", name="Readers") == 303
    assert asking_own.get("/segments/Readers").status_code == 404
    assert own.state.segments() == []


def test_while_one_writes_the_answer_alone_is_counted(asking_own: Asking, own: Stores) -> None:
    keeper.add(own, "Readers", "opened as anybody", is_live=True, now=NOW, by="test")
    path = "/segments?" + urlencode({"query": "bounced", "days": "1"})
    part = asking_own.get(path, headers={"HX-Request": "true"}).text
    assert "2 of 10 people" in part
    assert "Readers" not in part
    assert "copies" not in part
    assert "Readers" in asking_own.page(path)


def test_a_form_from_elsewhere_changes_nothing(asking_own: Asking, own: Stores) -> None:
    body = urlencode({"act": "add", "name": "Readers", "query": "opened"}).encode()
    for headers in ({}, {"Origin": "http://elsewhere.example"}):
        assert asking_own.get("/segments", method="POST", headers=headers, body=body).status_code == 403
    assert post(asking_own, act="burn") == 400
    assert post(asking_own, act="add", name="Readers", query="opned") == 400
    assert own.state.segments() == []


def test_an_export_is_no_formula(asking_own: Asking, own: Stores) -> None:
    mail = seeding.sending(own, "Formula")
    mail.people(["=cmd|'/c'!a1@example.com"])
    mail.add(EventType.REPLIED, 0, 60)
    mail.write()
    keeper.add(own, "Repliers", "replied", is_live=True, now=NOW, by="test")
    response = asking_own.get("/segments/Repliers/people.csv")
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.text.splitlines() == ["email", "'=cmd|'/c'!a1@example.com"]


def test_people_come_in_pages(asking_own: Asking, own: Stores) -> None:
    keeper.add(own, "All", "sent", is_live=True, now=NOW, by="test")
    told = [asking_own.get(f"/api/segments/All/people?page={page}&page_size=4").json() for page in (1, 2, 3, 4)]
    assert [len(each["people"]) for each in told] == [4, 4, 2, 0]
    assert {each["total"] for each in told} == {10}
    assert len({address for each in told for address in each["people"]}) == 10


def test_programs_ask_keep_and_delete(asking_own: Asking) -> None:
    asked = asking_own.get("/api/query?" + urlencode({"query": "CLICKED as anybody"})).json()
    assert (asked["query"], asked["people"], asked["of"]) == ("clicked as anybody", 2, 10)
    body = json.dumps({"name": "C&A", "query": "clicked as anybody", "kind": "static", "by": "ann"}).encode()
    made = asking_own.get("/api/segments", method="POST", headers=OURS, body=body).json()
    assert (made["name"], made["is_live"], made["people"], made["made_by"]) == ("C&A", False, 2, "ann")
    assert asking_own.get("/api/segments").json()["segments"] == [made]
    handles = asking_own.get(f"/api/segments/{quote('C&A', safe='')}/handles").json()["handles"]
    assert handles == asking_own.get("/api/query/handles?query=clicked+as+anybody").json()["handles"]
    gone = asking_own.get("/api/segments/delete", method="POST", headers=OURS, body=b'{"name": "C&A"}')
    assert (gone.json(), asking_own.get("/api/segments").json()) == ({"deleted": 1}, {"segments": []})
    again = asking_own.get("/api/segments/delete", method="POST", headers=OURS, body=b'{"name": "C&A"}')
    assert again.status_code == 404


@every(
    ("path", "status"),
    [
        ("/api/query", 400),
        ("/api/query?query=", 400),
        ("/api/query?query=nonsense", 400),
        ("/api/query?query=" + "x" * 2_001, 400),
        ("/api/segments/nobody", 404),
        ("/api/sunset?days=0", 400),
        ("/segments/nobody", 404),
        ("/segments/nobody/people.csv", 404),
    ],
)
def test_what_cannot_be_answered_says_why(asking_own: Asking, path: str, status: int) -> None:
    assert asking_own.get(path).status_code == status


def test_a_sunset_is_told_on_the_page_as_by_the_api(asking_own: Asking) -> None:
    told = asking_own.get("/api/sunset?days=1").json()
    assert (told["copies"], told["spared"], len(told["months"])) == (10, 0, 1)
    assert "0 of 10 copies" in asking_own.page("/segments?days=1")
    assert "of 10 copies" not in asking_own.page("/segments")


def test_looking_at_segments_writes_nothing(asking_own: Asking, own: Stores, tmp_path: Path) -> None:
    for kind in ("live", "static"):
        keeper.add(own, kind, "opened as anybody", is_live=kind == "live", now=NOW, by="test")
    with closing(sqlite3.connect(tmp_path / "state.sqlite")) as watching:

        def version() -> str:
            """All that is kept, but for who looked."""
            return "\n".join(line for line in watching.iterdump() if "audit_lines" not in line)

        before = version()
        for path in (
            "/segments?days=30",
            "/segments/live",
            "/api/segments",
            "/api/segments/live/people",
            "/api/sunset",
        ):
            assert asking_own.get(path).status_code == 200
            assert version() == before, path
        keeper.delete(own.state, "live")
        assert version() != before, "it would be seen"


def test_while_nothing_happens_sizes_are_counted_once(
    asking_own: Asking, own: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        keeper.add(own, f"Number {number}", "clicked in 60d", is_live=True, now=NOW, by="test")
    first, asked = asking_own.page("/segments?days=30"), list[object]()
    monkeypatch.setattr("mailwake.serving.keeping.TIMES", 0)  # as if it had been a while ago
    monkeypatch.setattr(own.events, "choose", lambda *args, **more: asked.append((args, more)))
    assert asking_own.page("/segments?days=30") == first
    assert not asked
    own.events.write(rows=[])
    monkeypatch.undo()
    keeper.add(own, "Number 3", "opened", is_live=True, now=NOW, by="test")
    assert "Number 3" in asking_own.page("/segments"), "segments changed"


def test_a_short_span_is_counted_again_sooner() -> None:
    assert keeper.lasting_seconds([]) == keeper.lasting_seconds(["clicked", "active"]) == 3_600
    assert keeper.lasting_seconds(["clicked in 60d", "opened in 2h and not clicked in 3d"]) == 72
