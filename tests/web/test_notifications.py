"""The page and the API that say who is told what happens, and who gets reports by mail."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from tests.insight import seeding
from tests.web.conftest import HOSTILE, NOW, Asking
from tests.web.test_pages import Seen, words

from mailwake.bulletins.schedule import KNOWN
from mailwake.drawing import figures
from mailwake.events import Micros
from mailwake.notifying.courier import DEAD, KIND, Place
from mailwake.sections import Notify, Report
from mailwake.settings import Settings
from mailwake.store.state import StateStore
from mailwake.web.app import create_app

TOLD = {
    "crm": Notify(url="https://crm.example.com/hooks?key=hush", secrets=("env:HUSH",)),
    "gone": Notify(url=f"https://gone.example.com/{HOSTILE[:60]}", events=("verdict_changed",), when="provisional"),
    "slow": Notify(url="https://slow.example.com/"),
    "new": Notify(url="https://new.example.com/"),
}
MAILED = {
    "weekly": Report(recipients=("ann@example.com",), sender="r@example.com", timezone="Europe/Berlin"),
    "daily": Report(
        recipients=("ann@example.com", "ben@example.com"),
        sender="r@example.com",
        weekdays=("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
    ),
}

SETTINGS = Settings(notify=TOLD, reports=MAILED)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    folder = tmp_path_factory.mktemp("told")
    stores = seeding.open_stores(folder)
    tell(stores.state)
    yield Asking(create_app(stores, settings=replace(SETTINGS, root=folder), wall=lambda: NOW))
    seeding.close(stores)


def tell(state: StateStore) -> None:
    """One endpoint that takes, one switched off, one that takes nothing; a report that is due."""
    for name, place in (
        ("crm", Place(position=0, taken=1_234, taken_at=NOW - 60_000_000)),
        ("gone", Place(position=0, taken=2, disabled=f"it answered 410: {HOSTILE}")),
        ("slow", Place(position=0, tries=2, next_at=NOW, failing_since=NOW - 90_000_000, last_error="it answered 503")),
    ):
        state.put_job(KIND, name, data=msgspec.to_builtins(place), now=NOW)
    state.put_job(DEAD, "slow:1", data={"endpoint": "slow", "id": "1"}, now=NOW)
    state.put_job(KNOWN, "daily", data={}, now=Micros(NOW - 4 * 86_400_000_000))


def test_each_endpoint_stands_with_how_it_goes_and_what_to_type(told: Asking) -> None:
    page = words(told.page("/notifications")).replace(figures.NBSP, " ")
    assert "takes what it is told 19 Nov 2026, 08:59 1,234 0 0" in page
    assert "switched off it answered 410: " in page
    assert "mailwake notify enable gone" in page
    assert "takes nothing since 19 Nov 2026, 08:58: it answered 503; next is try 3 of 10, not before" in page
    assert "mailwake notify retry slow" in page
    assert "told nothing yet mailwake notify test new never 0 0 0" in page
    assert "bounced, clicked, complained, unsubscribed, verdict changed; once it is sure" in page
    assert "hush" not in told.page("/notifications").lower()


def test_each_report_stands_with_its_next_and_its_last(told: Asking) -> None:
    page = words(told.page("/notifications")).replace(figures.NBSP, " ")
    assert "weekly Mondays, 08:00, Europe/Berlin, to 1 address 23 Nov 2026, 07:00 never ? none was due yet" in page
    assert "daily every day, 08:00, UTC, to 2 addresses 20 Nov 2026, 08:00 19 Nov 2026, 08:00 ? on its way" in page
    assert "2 recipients do not have it; it is tried again until 20 Nov 2026, 08:00" in page


def test_a_hostile_url_or_error_is_shown_and_never_run(told: Asking) -> None:
    seen = Seen(told.page("/notifications"))
    assert len(seen.all("script")) == 4
    assert not seen.all("img")
    assert HOSTILE in seen.text


def test_the_api_says_the_same(told: Asking) -> None:
    answer = told.get("/api/notifications").json()
    assert [each["going"] for each in answer["endpoints"]] == ["well", "off", "failing", "new"]
    assert [(each["name"], each["has"], each["recipients"]) for each in answer["reports"]] == [
        ("weekly", 0, 1),
        ("daily", 0, 2),
    ]
    assert "hush" not in told.get("/api/notifications").text.lower()


def test_an_installation_that_tells_nobody_is_told_how_to_begin(nothing: Asking, tmp_path: Path) -> None:
    page = words(nothing.page("/notifications"))
    assert "[notify.crm]" in page
    assert "[reports.weekly]" in page
    assert nothing.get("/api/notifications").json() == {"endpoints": [], "reports": []}
