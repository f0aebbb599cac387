"""What stands on the pages, as a reader without scripts gets them."""

import json
import re
from functools import cache
from html.parser import HTMLParser

import pytest
from tests.every import every
from tests.web.conftest import HOSTILE, Asking

from mailwake.drawing import figures
from mailwake.insight.metrics import metrics
from mailwake.insight.report import campaign_report, find
from mailwake.insight.stores import Stores

PAGES = (
    "/",
    "/?q=crowd&stream=marketing",
    "/campaigns/1",
    "/campaigns/1?by=clicked&span=all",
    "/campaigns/2",
    "/campaigns/3",
    "/campaigns/4",
    "/campaigns/1/people",
    "/campaigns/2/people?outcome=delivered&page=2",
    "/campaigns/3/people",
    "/domains",
    "/deliverability",
    "/preflight",
    "/salesforce",
    "/workflows",
    "/compare?c=3&c=2&segment=Clicked%20once",
    "/campaigns/3/links/1/people?who=machine",
    "/campaigns/3/deliveries/3000000",
    "/campaigns/1/deliveries/1000009",
    "/campaigns/3/definitions",
    "/campaigns/3/pace",
    "/compare?c=3&c=2",
    "/timing",
    "/person?address=person1%40example.com",
    "/unsubscribes",
    "/calls",
    "/calls?band=Cool&owner=owner%40example.com&page=2",
    "/segments",
    "/segments?query=clicked+%22a%22+%3E%3D+2+in+60d&days=30",
    "/segments?query=clicked+%3Cb%3E%22%26",
    "/segments/Clicked%20once",
    "/experiments",
    "/experiments?people=20000&lift=25&baseline=2",
    "/experiments/Won",
    "/experiments/Broken",
    "/goals",
    "/goals/purchase?model=linear&segments=true",
    "/campaigns/2/conversions",
    "/campaigns/3/conversions?goal=purchase&model=first",
    "/notifications",
    "/status",
)


class Seen(HTMLParser):
    """Every tag with its attributes, and the text outside scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.feed(page)
        self.text = "".join(self.texts)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]


@cache
def seen_at(asking: Asking, path: str) -> Seen:
    """A page, asked for once for all tests that only look at it."""
    return Seen(asking.page(path))


@cache
def words(page: str) -> str:
    return re.sub(r"\s+", " ", " ".join(Seen(page).texts))


@every("path", PAGES)
def test_a_page_has_no_inline_script_style_or_handler(asking: Asking, path: str) -> None:
    seen = seen_at(asking, path)
    assert all(script.get("src", "").startswith("/static/") for script in seen.all("script"))
    assert not seen.all("style")
    for tag, attributes in seen.tags:
        assert not [name for name in attributes if name.startswith("on") or name == "style"], tag


@every("path", PAGES)
def test_a_page_loads_nothing_from_elsewhere(asking: Asking, path: str) -> None:
    seen = seen_at(asking, path)
    for tag in ("script", "img", "link", "iframe", "object", "embed", "source"):
        for attributes in seen.all(tag):
            assert (attributes.get("src") or attributes["href"]).startswith("/static/")


@every("path", PAGES)
def test_a_page_can_be_walked_by_ear_and_keyboard(asking: Asking, path: str) -> None:
    seen = seen_at(asking, path)
    assert seen.all("html") == [{"lang": "en"}]
    assert seen.all("a")[0] == {"class": "skip", "href": "#content"}
    assert [len(seen.all(tag)) for tag in ("h1", "main", "header", "footer")][:2] == [1, 1]
    assert len(seen.all("caption")) == len(seen.all("table"))
    ids = [attributes["id"] for _, attributes in seen.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for svg in seen.all("svg"):
        assert svg.get("aria-hidden") == "true"


@every("path", PAGES)
def test_hostile_texts_are_shown_and_never_run(asking: Asking, path: str) -> None:
    seen = seen_at(asking, path)
    assert not seen.all("img")
    assert len(seen.all("script")) == 4


def test_a_hostile_name_stands_on_the_page_as_it_is(asking: Asking) -> None:
    for path in ("/", "/campaigns/3", "/campaigns/3/people"):
        assert HOSTILE in seen_at(asking, path).text


def test_only_plain_web_addresses_become_links(asking: Asking) -> None:
    page = asking.page("/campaigns/3")
    outside = [a for a in Seen(page).all("a") if not a["href"].startswith(("/", "#"))]
    assert sorted(a["href"] for a in outside) == [
        "http://shop.example.com/fine?a=1&b=<2>",
        'https://shop.example.com/"onmouseover="alert(1)',
    ]
    for a in outside:
        assert a["rel"] == "noreferrer noopener external"
        assert set(a) == {"href", "rel", "target"}
    assert "JaVaScRiPt:alert(1)" in Seen(page).text


def test_every_rate_stands_with_count_base_and_interval(asking: Asking, stores: Stores) -> None:
    page = words(asking.page("/campaigns/2"))
    for rate in campaign_report(stores, find(stores, "2")).rates:
        assert figures.percent(rate.rate).replace(figures.NBSP, " ") in page
        assert f"{figures.count(rate.count)}" in page
        assert f"of {figures.count(rate.base)} {rate.base_name}" in page
        assert figures.span(rate.low, rate.high).replace(figures.NBSP, " ") in page


def test_every_rate_explains_itself_on_hover(asking: Asking) -> None:
    pages = asking.page("/campaigns/1") + asking.page("/campaigns/2/conversions?goal=purchase")
    titles = " ".join(attributes.get("title", "") for _, attributes in Seen(pages).tags)
    for metric in metrics().values():
        assert metric.sentence in titles


def test_the_definitions_of_all_rates_stand_on_the_page(asking: Asking) -> None:
    pages = {"earnings": words(asking.page("/campaigns/2/conversions"))}
    campaign = words(asking.page("/campaigns/1"))
    for metric in metrics().values():
        assert metric.id in pages.get(metric.source, campaign)


def test_people_possibly_people_and_machines_differ_without_colour(asking: Asking) -> None:
    page = asking.page("/campaigns/1")
    for mark in ("●", "◐", "□"):
        assert page.count(mark) > 5
    assert {"hatched", "dotted"} <= {pattern["id"] for pattern in Seen(page).all("pattern")}


@pytest.mark.long
def test_a_number_leads_to_its_people(asking: Asking) -> None:
    seen = Seen(asking.page("/campaigns/1"))
    targets = {a["href"] for a in seen.all("a") if "outcome=" in a["href"]}
    assert len([target for target in targets if "people?outcome=" in target]) == 14
    for target in targets:
        assert asking.get(target).status_code == 200


def test_people_are_listed_with_what_became_of_their_copies(asking: Asking) -> None:
    page = words(asking.page("/campaigns/1/people?outcome=bounced"))
    assert "2 copies · bounced" in page
    assert "person8@example.com bounced 550 5.1.1 no such user" in page
    assert "person0@example.com" not in page


def test_a_name_in_the_list_leads_to_its_copy(asking: Asking) -> None:
    targets = [a["href"] for a in Seen(asking.page("/campaigns/1/people")).all("a") if "/deliveries/" in a["href"]]
    assert len(targets) == 10
    assert all(asking.get(target).status_code == 200 for target in targets)


def test_an_open_or_click_is_told_in_words_with_its_reasons_and_rules(asking: Asking) -> None:
    page = words(asking.page("/campaigns/3/deliveries/3000000")).replace(figures.NBSP, " ")
    assert "A person, 93 %" in page
    assert "A privacy proxy of Apple, perhaps with a person, 45 %" in page
    assert "Cannot say who it was" in page
    assert "from residential network AS3320" in page
    assert "+1.7 for a person" in page
    assert "\N{MINUS SIGN}2.9 for a machine" in page
    assert page.index("\N{MINUS SIGN}2.9 for a machine") < page.index("+1.7 for a person")
    assert "2026-11-917070f8b28a" in page


def test_a_verdict_that_changed_says_what_it_was_before_and_whether_it_may_change_again(asking: Asking) -> None:
    page = words(asking.page("/campaigns/3/deliveries/3000000")).replace(figures.NBSP, " ")
    assert "A machine, most likely a mail scanner, 98 %, until" in page
    assert page.count("provisional: more evidence may change it") == 1
    assert page.count("settled: it stays") == 3


def test_people_and_machines_stand_apart_on_the_line_of_time(asking: Asking) -> None:
    circles = [circle["class"] for circle in Seen(asking.page("/campaigns/3/deliveries/3000000")).all("circle")]
    assert sorted(each for each in circles if not each.startswith("fill-")) == ["human"] * 2 + ["possible"] * 2


def test_a_copy_that_nobody_opened_says_so(asking: Asking) -> None:
    assert "Nobody opened it" in words(asking.page("/campaigns/1/deliveries/1000009"))


def test_hostile_facts_and_hosts_stand_on_the_page_as_they_are(asking: Asking) -> None:
    assert f"44 s {HOSTILE}" in Seen(asking.page("/campaigns/3/deliveries/3000000")).text
    assert f"MX {HOSTILE}.pphosted.com" in Seen(asking.page("/domains")).text


def test_a_copy_that_is_not_there_is_a_page_that_leads_back(asking: Asking) -> None:
    for path in ("/campaigns/1/deliveries/1", "/campaigns/1/deliveries/%3Cscript%3E"):
        response = asking.get(path)
        assert response.status_code == 404
        assert 'href="/"' in response.text


def test_domains_show_gateway_shares_and_delays(asking: Asking) -> None:
    page = words(asking.page("/domains")).replace(figures.NBSP, " ")
    for said in (
        "gmail.com",
        "corp.example",
        "Proofpoint",
        "MX not looked up",
        "Microsoft (cloud)",
        "no machine clicked",
    ):
        assert said in page.replace("unknown network", "cloud")
    assert "bank.example" in page
    assert "Before the next send" in page
    assert "If all 78 people got a message with 6 links" in page


def test_a_histogram_is_drawn_and_told_in_words(asking: Asking) -> None:
    page = asking.page("/domains")
    assert sum(svg.get("class") == "delays" for svg in Seen(page).all("svg")) == 2
    assert "20 s to 60 s: " in words(page).replace(figures.NBSP, " ")


def test_domains_of_nothing_say_what_to_do(nothing: Asking) -> None:
    page = words(nothing.page("/domains"))
    assert "Nothing to tell yet" in page
    assert "0 %" not in page


def test_people_come_in_pages_that_link_to_each_other(asking: Asking) -> None:
    seen = Seen(asking.page("/campaigns/2/people?page=2"))
    rels = {a["rel"]: a["href"] for a in seen.all("a") if "rel" in a}
    assert rels == {
        "prev": "/campaigns/2/people?outcome=all&page=1",
        "next": "/campaigns/2/people?outcome=all&page=3",
    }


def test_the_list_can_be_narrowed_by_name_and_stream(asking: Asking) -> None:
    page = words(asking.page("/?q=CROWD"))
    assert "1 of 8 campaigns" in page
    assert "By hand" not in page
    assert "Planned" in words(asking.page("/?stream=transactional"))
    assert "No campaign fits" in words(asking.page("/?q=nothing+like+it"))


def test_what_was_typed_stays_in_the_form(asking: Asking) -> None:
    seen = Seen(asking.page("/?q=%22%3E%3Cscript%3E"))
    assert next(field["value"] for field in seen.all("input") if field["name"] == "q") == '"><script>'


def test_a_list_beyond_its_end_still_leads_back(asking: Asking) -> None:
    assert '<a rel="prev" href="/?page=1">' in asking.page("/?page=9")


def test_looking_again_at_an_unchanged_page_costs_nothing(asking: Asking) -> None:
    for path, target in (("/", "#campaigns"), ("/campaigns/1", "#numbers")):
        again = next(
            a["hx-get"]
            for _, a in Seen(asking.page(path)).tags
            if a.get("hx-select") == target and "seen=" in a["hx-get"]
        )
        assert asking.get(again).status_code == 204
        assert asking.get(again.replace("seen=", "seen=0")).status_code == 200


def test_an_empty_dashboard_teaches_how_to_begin(nothing: Asking) -> None:
    page = words(nothing.page("/"))
    for said in (
        "No mail has passed through yet",
        "127.0.0.1:2599",
        "mailwake send",
        "mailwake demo",
        "mailwake doctor",
    ):
        assert said in page
    assert "0 %" not in page


def test_a_campaign_without_mail_says_so_instead_of_zero_per_cent(asking: Asking) -> None:
    page = words(asking.page("/campaigns/4"))
    assert "Nothing of this campaign was sent through Mailwake yet." in page
    assert "cannot say" in page
    assert "0 %" not in page


def test_hits_that_are_only_counted_stand_apart_with_the_reason(asking: Asking) -> None:
    page = words(asking.page("/campaigns/1"))
    assert "Counted only" in page
    assert "they are part of no rate above" in page
    assert "Counted only" not in words(asking.page("/campaigns/4"))


def test_every_chart_names_its_time_zone_and_has_a_table(asking: Asking) -> None:
    page = asking.page("/campaigns/1")
    assert "Times in UTC" in words(page)
    seen = Seen(page)
    charts = [a for _, a in seen.tags if a.get("class") == "series"]
    assert len(charts) == 2
    assert all(chart["role"] == "img" and chart["aria-label"] for chart in charts)
    assert words(page).count("The same as a table") == 2


def test_the_first_day_and_all_of_it_can_be_chosen(asking: Asking) -> None:
    assert "The 24 hours after sending began." in words(asking.page("/campaigns/1"))
    whole = asking.page("/campaigns/1?span=all&by=clicked")
    assert "The 24 hours" not in words(whole)
    chosen = [a["href"] for a in Seen(whole).all("a") if a.get("aria-current") == "true"]
    assert chosen == ["/campaigns/1?span=all&by=clicked#over-time", "/campaigns/1?by=clicked&span=all#where"]


def test_machines_can_be_left_out_of_the_drawing_and_stay_in_the_table(asking: Asking) -> None:
    address = "/campaigns/1?span=all&by=opened"
    (off,) = [a["href"] for a in Seen(asking.page(address)).all("a") if "hide=machine" in a.get("href", "")]
    page = asking.page(off.partition("#")[0])
    drawn = [a for _, a in Seen(page).tags if a.get("class") == "series"]
    assert [a["data-machine"] for a in drawn] == ["", ""]
    assert all(sum(json.loads(a["data-points"])[3]) == 0 for a in drawn)
    found = [a.get("href", "") for a in Seen(page).all("a")]
    links = [each for each in found if each.startswith("/campaigns/") and each.endswith(("#over-time", "#where"))]
    others = [each for each in links if "hide=machine" not in each]
    assert others == [address + "#over-time"], "one shows them again, the others keep what was chosen"


def test_the_first_hour_is_drawn_in_minutes(asking: Asking) -> None:
    page = asking.page("/campaigns/1?span=hour")
    assert "The hour after sending began." in words(page)
    assert "per minute" in words(page)
    drawn = [a for _, a in Seen(page).tags if a.get("class") == "series"]
    assert {a["data-step"] for a in drawn} == {"60"}
    assert [len(json.loads(a["data-points"])[0]) for a in drawn] == [60, 60]


def test_what_cannot_be_chosen_is_as_if_nothing_were(asking: Asking) -> None:
    page = asking.page("/campaigns/1?span=year&by=none&hide=human&hide=possible&hide=machine&hide=x")
    assert "The 24 hours after sending began." in words(page)
    assert not [a["href"] for a in Seen(page).all("a") if "hide=x" in a.get("href", "")]


def test_a_long_ranking_folds_away_its_end(asking: Asking, stores: Stores) -> None:
    page = asking.page("/campaigns/2")
    countries = [row for row in campaign_report(stores, find(stores, "2")).countries if row.opened.raw]
    folded = [a["id"] for a in Seen(page).all("details") if a["id"].startswith("more-")]
    assert folded == (["more-countries"] if len(countries) > 9 else [])
    for row in countries:
        assert row.label in words(page)


def test_clients_devices_and_countries_can_be_ranked_by_clicks(asking: Asking) -> None:
    assert "copies opened there" in words(asking.page("/campaigns/1"))
    assert "copies clicked there" in words(asking.page("/campaigns/1?by=clicked"))


@pytest.mark.parametrize("path", ["/nowhere", "/campaigns/1/nowhere", "/campaigns/1/people/2", "/static/nothing.css"])
def test_an_address_that_leads_nowhere_is_a_page_that_leads_back(asking: Asking, path: str) -> None:
    response = asking.get(path)
    assert response.status_code == 404
    assert 'href="/"' in response.text


def test_an_unknown_campaign_is_a_page_that_names_the_nearest(asking: Asking) -> None:
    response = asking.get("/campaigns/By%20hend")
    assert response.status_code == 404
    assert "the nearest is 'By hand'" in Seen(response.text).text


def test_a_hostile_address_is_shown_and_never_run(asking: Asking) -> None:
    response = asking.get("/campaigns/%3Cscript%3Ealert(1)%3C%2Fscript%3E")
    assert response.status_code == 404
    assert len(Seen(response.text).all("script")) == 4


def test_a_page_number_that_cannot_be_is_a_page_with_a_reason(asking: Asking) -> None:
    response = asking.get("/campaigns/1/people?page=-1")
    assert response.status_code == 400
    assert "page" in Seen(response.text).text


def test_a_list_says_why_it_is_not_as_long_as_the_sum_that_led_to_it(asking: Asking) -> None:
    for outcome in ("opened_human", "clicked_human"):
        assert "adds up the probabilities of all copies" in words(asking.page(f"/campaigns/2/people?outcome={outcome}"))
    for rest in ("outcome=delivered", "outcome=opened_human&country=DE"):
        assert "adds up the probabilities" not in words(asking.page(f"/campaigns/2/people?{rest}"))


def test_figures_of_all_campaigns_say_so_where_the_list_is_narrowed(asking: Asking) -> None:
    assert "All campaigns together, whatever the list below is narrowed to" in words(asking.page("/?q=crowd"))
