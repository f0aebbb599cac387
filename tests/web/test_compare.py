"""Campaigns side by side, a campaign's pace and its definitions, as pages."""

import html
import re

import pytest
from tests.web.conftest import Asking
from tests.web.test_pages import Seen, words

from mailwake.insight.dialects import dialects


def test_without_two_campaigns_there_is_a_list_to_choose_from(asking: Asking) -> None:
    seen = Seen(asking.page("/compare"))
    boxes = [each for each in seen.all("input") if each.get("name") == "c"]
    assert {each["value"] for each in boxes} >= {"1", "2", "3"}
    assert not [each for each in boxes if "checked" in each]
    assert "a difference is" not in words(asking.page("/compare?c=1"))


def test_two_campaigns_stand_side_by_side_with_differences_and_causes(asking: Asking) -> None:
    page = words(asking.page("/compare?c=2&c=3"))
    for said in ("Crowd & Sons", "Opened by people", "points", "Why did it change? Opened, raw", "By recipient domain"):
        assert said in page
    told = asking.get("/api/compare?c=2&c=3").json()
    for why in told["why"]:
        assert abs(sum(each["value"] for each in why["causes"]) - why["raw"]) < 1e-9


def test_what_cannot_be_compared_says_what_to_do(asking: Asking) -> None:
    assert asking.get("/compare?c=1&c=nowhere").status_code == 404
    assert asking.get("/api/compare?c=1").status_code == 400
    assert asking.get("/api/compare?c=1&c=2&age=5").status_code == 400
    assert "cannot say" in words(asking.page("/compare?c=1&c=4"))


def test_the_page_puts_the_one_sent_first_first_however_they_were_chosen(asking: Asking) -> None:
    sent = {
        each["id"]: (each["sent_from"], int(each["id"])) for each in asking.get("/api/campaigns").json()["campaigns"]
    }
    first, last = sorted(("2", "3"), key=lambda each: sent[each])
    for chosen in (f"c={last}&c={first}", f"c={first}&c={last}"):
        page = asking.page(f"/compare?{chosen}")
        heads = [each["href"] for each in Seen(page).all("a") if each.get("href", "").startswith("/campaigns/")]
        assert heads[:2] == [f"/campaigns/{first}", f"/campaigns/{last}"]
    told = asking.get(f"/api/compare?c={last}&c={first}").json()
    assert [side["id"] for side in told["sides"]] == [last, first], "programs say what the measure is"


def test_of_three_campaigns_each_later_one_leads_to_why(asking: Asking) -> None:
    page = asking.page("/compare?c=1&c=2&c=3")
    links = [each["href"] for each in Seen(page).all("a") if "age=" in each.get("href", "")]
    pairs = [each for each in links if each.count("c=") == 2]
    assert len(pairs) == 2
    assert "Why did it change?" in words(asking.page(pairs[-1]))


def test_empty_stores_say_what_these_pages_need(nothing: Asking) -> None:
    assert "--campaign" in words(nothing.page("/compare"))
    page = words(nothing.page("/timing"))
    assert "three or more hours of the day" in page
    assert "Nothing yet" not in page


def test_a_campaign_leads_to_the_comparison_with_the_one_before(asking: Asking) -> None:
    links = [each.get("href", "") for n in (1, 2, 3) for each in Seen(asking.page(f"/campaigns/{n}")).all("a")]
    assert [each for each in links if each.startswith("/compare?c=")]


def test_a_name_in_the_address_works_as_well(asking: Asking) -> None:
    assert asking.get("/api/compare?c=Crowd+%26+Sons&c=1").json()["sides"][0]["id"] == "2"


def test_pace_and_report_agree(asking: Asking) -> None:
    told = asking.get("/api/campaigns/2/pace").json()
    page = words(asking.page("/campaigns/2/pace"))
    assert "Half of them within" in page
    assert f"{told['opened']['base']:,} delivered with a pixel" in page


def test_every_dialect_is_on_the_page_of_definitions(asking: Asking) -> None:
    page = words(asking.page("/campaigns/2/definitions"))
    for dialect in dialects().values():
        assert dialect.title in page
    assert "human_click_rate__delivered_trackable" in page
    assert asking.get("/api/campaigns/2/definitions?dialect=none").status_code == 400


def test_a_recipient_has_a_page_over_all_campaigns(asking: Asking) -> None:
    page = words(asking.page("/person?address=PERSON1%40example.com"))
    assert "person1@example.com" in page
    assert "Returns after 14 days" in page
    assert asking.get("/person?address=nobody%40example.com").status_code == 404
    assert asking.get("/person?address=x").status_code == 400
    assert "/person?address=person9%40example.com" in asking.page("/campaigns/1/deliveries/1000009")


def test_timing_has_a_week_by_each_readers_clock(asking: Asking) -> None:
    page = words(asking.page("/timing"))
    assert "Monday" in page
    assert "by each reader's own clock" in page
    told = asking.get("/api/campaigns/2/timing").json()
    assert sum(map(sum, told["opened"]["cells"])) == told["opened"]["total"]


@pytest.mark.parametrize("most", [3, pytest.param(None, marks=pytest.mark.long)])
def test_an_hour_of_the_week_leads_to_those_who_reacted_in_it(asking: Asking, most: int | None) -> None:
    leading = re.findall(
        r'href="(/campaigns/2/people\?[^"]+)" aria-label="([^"]+): (\d+)"', asking.page("/campaigns/2/timing")
    )
    assert leading
    for href, hour, count in leading[:most]:
        path, _, asked = html.unescape(href).partition("?")
        page = words(asking.page(f"{path}?{asked}"))
        assert f"{hour} by their own clocks" in page
        assert asking.get(f"/api{path}?{asked}").json()["total"] == int(count)
        assert len(asking.get(f"{path}.csv?{asked}").text.splitlines()) == 1 + int(count)
    assert "/people?" not in asking.page("/timing")
    assert asking.get("/campaigns/2/people?outcome=clicked_human&hour=tue-25").status_code == 400
    assert asking.get("/campaigns/2/people?hour=tue-14").status_code == 400
