"""What a reader of the status page sees: every state as a word, every sum with its numbers."""

import dataclasses
import json
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from tests.monitoring.conftest import NOW, SECOND, Installation
from tests.web.conftest import Asking, troubled
from tests.web.test_pages import Seen, words

from mailwake.boards import status_view
from mailwake.insight.stores import Stores
from mailwake.monitoring.backlog import Backlog, Pace
from mailwake.monitoring.conservation import Balance, State, Sum
from mailwake.monitoring.disk import Disk
from mailwake.monitoring.status import Status, look, to_json
from mailwake.web.app import create_app

UTC = ZoneInfo("UTC")


@pytest.fixture
def found(installation: Installation) -> Status:
    return look(installation.data, keep_days=7, now=NOW)


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return Installation(tmp_path)


def test_the_page_names_what_has_to_be_seen_to(asking: Asking) -> None:
    page = words(asking.page("/status"))
    assert "4 things have to be seen to." in page
    assert "the sum of requests of edge-0 is broken by 3" in page
    assert "relay has not reported" in page
    assert "edge-1 last reported 44 s ago" in page
    assert "pipeline has stopped; a record has been waiting for 20 minutes" in page


def test_the_page_has_every_role_with_state_time_restarts_and_report(asking: Asking) -> None:
    page = words(asking.page("/status"))
    assert "edge-0 pixel, links, unsubscribe pages ✓ ready 15 Jan 2027, 07:59 0 ✓ 1 s ago" in page
    assert "relay takes mail from your programs ✓ ready 15 Jan 2027, 07:59 0 ? none yet" in page


def test_a_sum_stands_in_words_and_in_numbers_with_its_verdict(asking: Asking) -> None:
    page = words(asking.page("/status"))
    assert (
        "Requests of edge-0 received = recorded + dated + inert + unsure + expired + rejected + unrecorded + waiting "
        "13 received ≠ 5 recorded + 0 dated + 1 inert + 0 unsure + 1 expired + 3 rejected + 0 unrecorded + 0 waiting "
        "✕ broken by 3"
    ) in page
    assert "Log of edge-0 gained = recorded 5 gained by the log = 5 recorded ✓ holds" in page
    assert "? cannot say yet" in page


def test_sums_that_hold_are_folded_away_when_they_are_many(asking: Asking) -> None:
    page = asking.page("/status")
    assert "more, all of which hold" in page
    assert page.index("broken by 3") < page.index("cannot say yet") < page.index("</span>holds</span>")
    folded = page.partition('<details id="more-sums">')[2]
    assert folded.count('<td class="half" data-name="Verdict">') == folded.count("</span>holds</span>")


def test_log_and_disk_are_told_with_how_far_behind_and_how_long(asking: Asking) -> None:
    page = words(asking.page("/status"))
    assert "pipeline ✕ 5 records behind, the oldest 20 minutes old, and has stopped" in page
    assert "last passed something: 15 Jan 2027, 07:45" in page
    assert "Oldest record 15 Jan 2027, 07:40" in page
    assert "send" in page
    assert "free of" in page
    assert "looked at 15 Jan 2027, 08:00:00" in page


def test_states_differ_without_colour(asking: Asking) -> None:
    seen = Seen(asking.page("/status"))
    kinds = {a["class"] for tag, a in seen.tags if tag == "span" and a.get("class", "").startswith("state ")}
    assert kinds == {"state good", "state bad", "state unsure"}
    assert {"✓", "✕", "?"} <= set(seen.text)


def test_the_navigation_leads_there_and_says_where_one_is(asking: Asking) -> None:
    links = [a for a in Seen(asking.page("/status")).all("a") if a["href"] == "/status"]
    assert [link["aria-current"] for link in links] == ["page", "page"]
    links = [a for a in Seen(asking.page("/")).all("a") if a["href"] == "/status"]
    assert [link for link in links if "aria-current" in link] == []


def test_the_api_says_the_same_object(stores: Stores, tmp_path: Path) -> None:
    see = troubled(tmp_path / "installation")
    response = Asking(create_app(stores, look=see)).get("/api/status")
    assert response.headers["content-type"] == "application/json"
    told, expected = json.loads(response.content), json.loads(to_json(see()))
    for each in (told, expected):
        del each["disk"]  # it goes on filling while we look
    assert told == expected


def test_a_dashboard_without_an_installation_says_so(stores: Stores) -> None:
    asking = Asking(create_app(stores))
    assert asking.get("/api/status").status_code == 503
    assert "nobody told it where their installation is" in words(asking.get("/status").text)


def test_an_installation_that_is_well_says_so(found: Status) -> None:
    well = status_view.values(dataclasses.replace(found, problems=()), UTC)["verdict"]
    assert (well.word, well.kind, well.sign) == ("Everything is ready.", "good", "✓")
    one = status_view.values(dataclasses.replace(found, problems=("relay is not ready",)), UTC)["verdict"]
    assert one.word == "One thing has to be seen to."


@pytest.mark.parametrize(
    ("per_day", "days", "said"),
    [
        (2e9, 4.0, "4 days; 2.0 GB a day come in"),
        (2e9, None, "2.0 GB a day come in, for which there is room"),
        (None, None, "cannot say yet; the log has to be an hour old"),
    ],
)
def test_how_long_the_disk_lasts_is_said_or_said_not_to_be_known(
    found: Status, per_day: float | None, days: float | None, said: str
) -> None:
    disk = Disk(free_bytes=5 * 10**9, size_bytes=10**10, log_bytes_per_day=per_day, days_left=days)
    values = status_view.values(dataclasses.replace(found, disk=disk), UTC)
    assert values["disk_lasts"].replace("\N{NO-BREAK SPACE}", " ") == said


@pytest.mark.parametrize(
    ("pace", "kind", "said"),
    [
        (Pace.KEEPS_UP, "good", "7 records behind, the oldest 40 s old"),
        (Pace.STOPPED, "bad", "7 records behind, the oldest 40 s old, and has stopped"),
        (Pace.BEHIND, "bad", "7 records behind, the oldest 40 s old, a large part of the room left"),
    ],
)
def test_how_far_behind_a_reader_is_stands_with_what_that_means(
    found: Status, pace: Pace, kind: str, said: str
) -> None:
    since = NOW - 40 * SECOND
    backlog = Backlog(reader="pipeline", records=7, bytes=1, since=since, passed_at=0, pace=pace)
    (line,) = status_view.values(dataclasses.replace(found, readers=(backlog,)), UTC)["readers"]
    assert (line.behind.kind, line.behind.word.replace("\N{NO-BREAK SPACE}", " "), line.passed) == (kind, said, "never")


def test_a_disk_that_cannot_be_looked_at_is_no_full_one(found: Status) -> None:
    assert status_view.values(dataclasses.replace(found, disk=Disk()), UTC)["disk"].word == "cannot be looked at"


@pytest.mark.parametrize(
    ("state", "word"),
    [(State.HOLDS, "holds"), (State.BROKEN, "broken"), (State.SETTLING, "settling, ask again")],
)
def test_every_verdict_is_a_word(found: Status, state: State, word: str) -> None:
    balance = Balance(kind=Sum.REQUESTS, name="edge-0", left=1, right={"recorded": 1}, state=state)
    (line,) = status_view.values(dataclasses.replace(found, sums=(balance,)), UTC)["sums"]
    assert line.verdict.word == word


def test_hostile_names_in_the_folder_are_shown_and_never_run(stores: Stores, tmp_path: Path) -> None:
    hostile = tmp_path / "installation"
    hostile.mkdir()
    (hostile / "edge-<img src=x onerror=alert(1)>.json").write_text("{}")
    page = Asking(create_app(stores, look=lambda: look(hostile, keep_days=7, now=NOW))).page("/status")
    assert not Seen(page).all("img")
