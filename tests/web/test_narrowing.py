"""Rows of clients, devices, countries and providers lead to their people: page, API, CSV and export, all of as many."""

import csv
import io
import re
from urllib.parse import parse_qsl, urlsplit

import pytest
from tests.web.conftest import Asking
from tests.web.test_pages import Seen, words

from mailwake.drawing import figures

LISTS = (
    "/campaigns/2/people?",
    "/campaigns/2/people.csv?",
    "/api/campaigns/2/people?",
    "/api/export/people?campaign=2&",
)
PLACES = ("client=", "device=", "country=", "provider=")


def lines(asking: Asking, path: str) -> int:
    response = asking.get(path)
    assert response.status_code == 200
    return len(list(csv.reader(io.StringIO(response.text)))) - 1


@pytest.mark.long
def test_every_row_leads_to_as_many_people_everywhere(asking: Asking) -> None:
    found: dict[str, int] = {}
    for by in ("opened", "clicked"):
        for a in Seen(asking.page(f"/campaigns/2?by={by}")).all("a"):
            told = re.search(r"([\d,]+) copies", a.get("aria-label", ""))
            if told and any(f"?{place}" in a["href"] for place in PLACES):
                found[a["href"]] = int(told[1].replace(",", ""))
    for place in PLACES:
        some = [href for href in found if f"?{place}" in href]
        assert some, place
        for href in (some[0], some[-1]):
            asked = dict(parse_qsl(urlsplit(href).query))
            assert asking.get(f"/api{href}").json()["total"] == found[href] > 0
            assert lines(asking, href.replace("/people?", "/people.csv?")) == found[href]
            query = urlsplit(href).query
            assert lines(asking, f"/api/export/people?format=csv&campaign=2&{query}") == found[href]
            copies = "1 copy" if found[href] == 1 else f"{figures.count(found[href])} copies"
            page = asking.page(href)
            assert f"<h2>{copies} · " in page
            assert f'value="{asked["outcome"]}" selected' in page


def test_what_narrows_a_list_stands_on_it_and_can_be_taken_off(asking: Asking) -> None:
    page = asking.page("/campaigns/2/people?outcome=opened_human&client=Gmail&country=proxied")
    assert "with Gmail take off from a country that a proxy hid take off" in words(page)
    seen = Seen(page)
    off = {a["aria-label"]: a["href"] for a in seen.all("a") if a.get("aria-label", "").startswith("Take off")}
    assert off == {
        "Take off: with Gmail": "/campaigns/2/people?outcome=opened_human&country=proxied",
        "Take off: from a country that a proxy hid": "/campaigns/2/people?outcome=opened_human&client=Gmail",
    }
    main = Seen(page.partition("</main>")[0])
    hidden = {each["name"]: each["value"] for each in main.all("input") if each.get("type") == "hidden"}
    assert hidden == {"client": "Gmail", "country": "proxied"}, "choosing another outcome keeps them"
    links = [a["href"] for a in seen.all("a") if "csv" in a["href"]]
    assert len(links) == 2
    assert all("client=Gmail&country=proxied" in href for href in links)


def test_a_list_leads_on_to_a_segment_where_the_language_has_words_for_it(asking: Asking) -> None:
    page = asking.page("/campaigns/1/people?outcome=opened_human&client=Apple+Mail")
    query = 'opened in campaign "By hand" client "Apple Mail" as human'
    assert query in words(page)
    (href,) = [a["href"] for a in Seen(page).all("a") if a["href"].startswith("/segments?query=")]
    assert "1 copy · " in page
    assert re.search(r"\b2 of [\d,]+ people", words(asking.page(href))), "who opened with it later counts as well"
    for without in ("device=mobile", "country=unknown", "provider=others"):
        assert "/segments?query=" not in asking.page(f"/campaigns/1/people?outcome=opened&{without}")
    assert "/segments?query=" not in asking.page("/campaigns/1/people?outcome=rejected")


def test_what_cannot_narrow_is_refused_with_what_to_do(asking: Asking) -> None:
    for path in LISTS:
        answer = asking.get(f"{path}provider=%3Cb%3Enobody")
        assert answer.status_code == 400
        assert "is told apart in this campaign; there are" in answer.text
        assert "<b>nobody" not in answer.text or "json" in answer.headers["content-type"]
    refused = asking.get("/api/export/links?campaign=2&client=Gmail")
    assert "has no client, device, country, provider or hour to choose by; leave it out" in refused.json()["error"]
