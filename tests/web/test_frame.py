"""What stands around every page: how fresh its numbers are, in whose time zone, and the way to all others."""

import re
from dataclasses import replace
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import httpx2
from tests.every import every
from tests.insight import seeding
from tests.web.conftest import Asking
from tests.web.test_pages import Seen, seen_at, words

from mailwake.access.actors import ANYBODY
from mailwake.insight.stores import Stores
from mailwake.segments.keeper import size
from mailwake.serving.keeping import Kept
from mailwake.serving.navigation import groups_for, here

WALKED = [path for group in groups_for(ANYBODY) for path, _, _ in group.pages]
#: a page that shows no number of mail, and one that needs an installation; `tests/web/test_links.py` has one
WITHOUT = ("/settings", "/links")
MORE = (
    "/campaigns/2",
    "/campaigns/1/people",
    "/campaigns/3/links/1/people?who=machine",
    "/campaigns/3/deliveries/3000000",
    "/campaigns/3/definitions",
    "/campaigns/3/pace",
    "/campaigns/2/conversions",
    "/person?address=person1%40example.com",
    "/compare?c=3&c=2",
    "/segments/Clicked%20once",
    "/experiments/Won",
    "/suppressions",
    "/bounces",
    "/campaigns/2/bounces",
    "/campaigns/2/timing",
    "/campaigns/3/map",
    "/goals/purchase",
    "/salesforce/reconcile",
    "/audit",
)


@every("path", sorted({*WALKED, *MORE} - set(WITHOUT)))
def test_every_page_with_numbers_says_once_how_fresh_they_are(asking: Asking, path: str) -> None:
    page = asking.page(path)
    assert page.count('id="stamp"') == 1
    told = words(page)
    assert len(re.findall(r"Events up to \d+ \w+ \d{4}, \d\d:\d\d", told)) == 1
    assert "times in UTC" in told


def test_the_stamp_knows_no_more_than_what_was_kept() -> None:
    """An answer of a minute ago holds nothing of the last minute, whatever came in meanwhile."""
    clock = [100.0]
    kept = Kept(clock=lambda: clock[0])
    assert kept.age("a") == 0.0

    def ask() -> str:
        clock[0] += 3.0
        return "told"

    kept.answer("a", ask)
    clock[0] += 57.0
    assert kept.answer("a", ask) == "told"
    assert kept.age("a") == 60.0


def test_without_an_event_the_stamp_says_so(nothing: Asking) -> None:
    assert "No events yet · times in UTC" in words(nothing.page("/timing"))


def test_a_fault_has_no_stamp(asking: Asking) -> None:
    assert 'id="stamp"' not in asking.get("/nowhere").text


def test_a_zone_in_the_address_is_that_of_all_times_of_the_page(asking: Asking) -> None:
    here_, there = (words(asking.page(f"/campaigns/2{zone}")) for zone in ("", "?tz=asia/tokyo"))
    assert "times in UTC" in here_
    assert "times in Asia/Tokyo" in there
    sent = [re.search(r"sent (\d+ \w+ \d+), (\d\d):(\d\d)", page) for page in (here_, there)]
    assert sent[0]
    assert sent[1]
    assert (int(sent[1][2]) - int(sent[0][2])) % 24 == 9


def test_what_looks_again_keeps_the_zone_of_the_address(asking: Asking) -> None:
    again = [tag["hx-get"] for _, tag in Seen(asking.page("/campaigns/2?tz=Asia/Tokyo")).tags if "hx-trigger" in tag]
    assert again
    assert all("tz=Asia%2FTokyo" in each for each in again)


@every("name", ["Amerika/New_York", "../../etc/passwd", "localtime", "<b>", "A" * 5_000, ""])
def test_a_zone_that_there_is_not_is_refused_with_one_that_there_is(asking: Asking, name: str) -> None:
    answer = asking.get("/timing?tz=" + name.replace("/", "%2F").replace("<", "%3C"))
    assert answer.status_code == 400
    assert "is no time zone; write its IANA name, such as " in words(answer.text)
    assert len(answer.text) < 20_000


def chosen(asking: Asking, **form: str) -> httpx2.Response:
    """The answer to the form at the end of a page."""
    headers = {"content-type": "application/x-www-form-urlencoded", "origin": "http://127.0.0.1:8026"}
    return asking.get("/zone", method="POST", body=urlencode(form).encode(), headers=headers)


def test_a_browser_keeps_the_zone_that_was_chosen_in_the_form(asking: Asking) -> None:
    form = {"zone": "America/New_York", "return_to": "/campaigns/2?by=clicked"}
    answer = chosen(asking, **form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/campaigns/2?by=clicked")
    cookie = answer.headers["set-cookie"].partition(";")[0]
    page = words(asking.get("/timing", headers={"cookie": cookie}).text)
    assert "times in America/New_York" in page
    assert "Use the installation\N{RIGHT SINGLE QUOTATION MARK}s" in page
    taken = chosen(asking, zone="", return_to="//evil.example")
    assert taken.headers["location"] == "/"
    assert "Max-Age=0" in taken.headers["set-cookie"]


def test_a_form_with_no_zone_keeps_nothing(asking: Asking) -> None:
    answer = chosen(asking, zone="Mars/Olympus", return_to="/")
    assert answer.status_code == 400
    assert "set-cookie" not in answer.headers


def test_a_cookie_that_nobody_set_here_changes_nothing(asking: Asking) -> None:
    assert "times in UTC" in words(asking.get("/timing", headers={"cookie": "mailwake_zone=..%2Fetc"}).text)


def test_programs_and_files_follow_no_viewer(asking: Asking) -> None:
    for path in ("/api/timing", "/api/campaigns/2", "/campaigns/2/people.csv"):
        plain, other = asking.get(path), asking.get(path, headers={"cookie": "mailwake_zone=Asia%2FTokyo"})
        assert plain.status_code == 200
        assert plain.content == other.content


def test_the_days_of_a_segment_are_the_same_for_every_viewer(stores: Stores) -> None:
    now = seeding.micros(3 * 86_400)
    query = "clicked since 2026-06-02"
    far = replace(stores, zone=ZoneInfo("Pacific/Kiritimati"), home=stores.zone)
    assert size(far, query, now=now) == size(stores, query, now=now)


def test_the_navigation_is_in_few_groups_that_hold_every_page_once(asking: Asking) -> None:
    groups = groups_for(ANYBODY)
    assert len(groups) <= 6
    assert len(WALKED) == len(set(WALKED))
    for path in set(WALKED) - {"/links"}:
        assert asking.get(path).status_code == 200, path


@every(
    ("path", "word"),
    [
        ("/", "campaigns"),
        ("/campaigns/2/people", "campaigns"),
        ("/person", "people"),
        ("/people", "people"),
        ("/segments/Clicked%20once", "segments"),
        ("/links", "links"),
        ("/nowhere", ""),
    ],
)
def test_a_page_belongs_to_a_page_of_the_navigation(path: str, word: str) -> None:
    assert here(path) == word


def test_the_page_one_is_at_is_marked_in_both_menus(asking: Asking) -> None:
    marked = [a for a in seen_at(asking, "/bounces").all("a") if a.get("aria-current") == "page"]
    assert [a["href"] for a in marked] == ["/bounces", "/bounces"]
