"""The click map as a reader without scripts gets it: page, drawing, table, picture and API say the same."""

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator

import pytest
from tests.every import every
from tests.insight import seeding
from tests.web.conftest import HOSTILE, HOSTILE_LINKS, Asking
from tests.web.mails import HTML, mail
from tests.web.test_pages import Seen, words

from mailwake.clickmap import camera
from mailwake.clickmap.sheet import POLICY, POLICY_WITH_PICTURES
from mailwake.insight.click_map import Asked, Mail, click_map, to_json
from mailwake.insight.report import find
from mailwake.insight.stores import Stores
from mailwake.views import click_map_view
from mailwake.web import click_maps
from mailwake.web.app import create_app

MAP = "/campaigns/1/map"
STATES = (
    "",
    "?layer=machine",
    "?layer=raw&step=0",
    "?device=mobile&client=Apple%20Mail&country=FR&step=3",
    "?device=unknown&layer=raw",
    "?versus=1002",
    "?versus=1002&layer=machine&pictures=1",
)


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    """1 and 2 the same mail, 2 with half the clicks; 3 hostile; 4 without a copy sent."""
    opened = seeding.open_stores(tmp_path_factory.mktemp("data"))
    mail(opened, "First")
    mail(opened, "Second", times=0.5)
    seeding.crowd(opened, HOSTILE, people=20, links=HOSTILE_LINKS, subject=HOSTILE, seed=2)
    seeding.sending(opened, "Planned")
    opened.state.campaign("Empty", now=seeding.micros())
    yield opened
    seeding.close(opened)


@pytest.fixture(scope="module")
def asking(stores: Stores) -> Asking:
    return Asking(create_app(stores))


def badges(html: str) -> dict[int, str]:
    """Number of each marked link to what stands on its mark."""
    found = re.findall(r'\[data-mw="(\d+)"\]::after\{content:"([^"]*)"', html)
    return {int(number): re.sub(r"\\([0-9a-f]+) ", lambda hit: chr(int(hit[1], 16)), text) for number, text in found}


@every("campaign", [2, *(pytest.param(each, marks=pytest.mark.long) for each in (1, 3, 4))])
@every("state", STATES)
def test_every_state_of_the_page_has_its_drawing_and_its_table(asking: Asking, campaign: int, state: str) -> None:
    page = Seen(asking.page(f"/campaigns/{campaign}/map{state}"))
    (frame,) = page.all("iframe")
    assert frame["sandbox"] == ""
    assert frame["src"].startswith(f"/campaigns/{campaign}/map/mail?")
    assert asking.get(frame["src"]).status_code == 200
    assert not page.all("style")
    assert not [name for _, values in page.tags for name in values if name.startswith("on") or name == "style"]
    assert len(page.all("caption")) == len(page.all("table")) == 1


@every("state", STATES)
def test_mark_and_table_and_api_say_the_same(asking: Asking, state: str) -> None:
    drawn = badges(asking.get(f"{MAP}/mail{state}").text)
    page = asking.page(f"{MAP}{state}")
    cells = re.findall(r'<td class="number" data-name="mark">(.*?)</td>', page)
    told = {number: cell.partition(" ")[2] if "no click" not in cell else cell for number, cell in enumerate(cells, 1)}
    assert drawn[2] == f"1 (Outlook): {told[1]} + 2: {told[2]}"
    for number in (3, 4, 5, 6, 8):
        assert drawn[number] == f"{number}: {told[number]}"
    assert drawn[7] == f"7 (Outlook): {told[7]}"
    assert set(drawn) == {2, 3, 4, 5, 6, 7, 8}


def test_a_mark_says_people_and_their_share(asking: Asking) -> None:
    """44 people of 0.93 and 20 machines of 0.02 at link 2."""
    people = 44 * 0.93 + 20 * 0.02
    drawn = badges(asking.get(f"{MAP}/mail").text)
    assert drawn[2].startswith("1 (Outlook): 5.6 (6 %) + 2: ")
    assert f"2: {round(people)} (" in drawn[2]
    assert drawn[8] == "8: no click"
    assert badges(asking.get(f"{MAP}/mail?layer=machine").text)[6] == "6: 20 (19 %)"


def test_the_answer_of_the_api_is_insights(asking: Asking, stores: Stores) -> None:
    given = asking.get("/api/campaigns/First/map?layer=raw&until_seconds=3600&country=FR&versus=1002")
    asked = Asked(layer="raw", until_seconds=3_600, country="FR", versus=1_002)
    assert given.content == to_json(click_map(stores, find(stores, "First"), asked))
    assert json.loads(given.content)["versus"]["campaign_name"] == "Second"


@every(
    ("query", "status"),
    [("layer=x", 400), ("template=x", 400), ("template=5", 404), ("versus=5", 404), ("until_seconds=-1", 400)],
)
def test_what_cannot_be_asked_is_told(asking: Asking, query: str, status: int) -> None:
    response = asking.get(f"/api/campaigns/1/map?{query}")
    assert response.status_code == status
    assert response.json()["error"]


def test_a_campaign_without_mail_says_so(asking: Asking) -> None:
    response = asking.get("/campaigns/Empty/map")
    assert response.status_code == 404
    assert "nothing of this campaign" in response.text


def test_the_drawing_may_do_nothing_and_only_we_may_frame_it(asking: Asking) -> None:
    headers = asking.get(f"{MAP}/mail").headers
    assert headers["content-security-policy"] == POLICY
    assert "sandbox" in POLICY.split("; ")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert asking.get(f"{MAP}/mail?pictures=1").headers["content-security-policy"] == POLICY_WITH_PICTURES
    assert "frame-ancestors 'none'" in asking.get(MAP).headers["content-security-policy"]


def test_pictures_are_asked_for_only_by_the_switch(asking: Asking) -> None:
    assert "evil.example" not in asking.get(f"{MAP}/mail").text
    fetching = asking.get(f"{MAP}/mail?pictures=1").text
    assert sorted(re.findall(r"evil\.example/[\w.]+", fetching)) == ["evil.example/hero.png", "evil.example/map.png"]
    assert "Whoever hosts them then sees that somebody looks" in asking.page(MAP)


def test_hostile_names_and_links_are_text_on_the_page(asking: Asking) -> None:
    page = Seen(asking.page("/campaigns/3/map"))
    assert not page.all("img")
    assert len(page.all("script")) == 4
    assert HOSTILE in page.text
    assert "<script" not in asking.get("/campaigns/3/map/mail").text


def test_the_picture_is_xml_with_every_link_and_its_mark(asking: Asking) -> None:
    for campaign in (1, 3):
        response = asking.get(f"/campaigns/{campaign}/map.svg?versus=1002&pictures=1")
        assert response.headers["content-disposition"].startswith("attachment")
        root = ET.fromstring(response.text)
        assert root.tag.endswith("svg")
        assert not [each for each in root.iter() if each.tag.endswith(("script", "foreignObject", "image", "a"))]
    text = "".join(ET.fromstring(asking.get(f"{MAP}.svg").text).itertext())
    for number, said in badges(asking.get(f"{MAP}/mail").text).items():
        assert said.rpartition(": ")[2] in text
        assert f"{number}. " in text


def test_a_mail_that_cannot_be_drawn_keeps_its_numbers(asking: Asking, stores: Stores) -> None:
    deep = mail(stores, "Deep", html=b"<div>" * 1_001 + HTML)
    drawn = asking.get(f"/campaigns/{deep.id}/map/mail").text
    assert "nested too deeply" in drawn
    assert set(badges(drawn)) == {1, 2, 3, 4, 5, 6, 7, 8}


def test_state_stands_in_the_address_and_links_keep_it(asking: Asking) -> None:
    page = Seen(asking.page(f"{MAP}?layer=raw&step=2&country=FR&versus=1002"))
    layers = [a["href"] for a in page.all("a") if a["href"].startswith(f"{MAP}?") and "layer=machine" in a["href"]]
    assert layers == [f"{MAP}?layer=machine&template=1001&step=2&country=FR&versus=1002#mail"]
    (slider,) = [values for values in page.all("input") if values.get("type") == "range"]
    assert (slider["value"], slider["name"], slider["max"]) == ("2", "step", "5")
    assert {"type": "hidden", "name": "layer", "value": "raw"} in page.all("input")


def test_the_campaign_page_leads_to_the_map(asking: Asking) -> None:
    assert f'href="{MAP}"' in asking.page("/campaigns/1")


def test_a_difference_has_sign_word_and_interval(asking: Asking) -> None:
    page = words(asking.page(f"{MAP}?versus=1002"))
    assert re.search(r"▲ \+\d+\.\d pp \+\d+\.\d pp to \+\d+\.\d pp higher", page)
    assert "not distinguishable" in page


def test_letters_are_told_apart_by_subject_and_by_number_where_that_is_the_same() -> None:
    letters = (("114554439", "Spring", "1"), ("2", "Summer", "1"), ("3", "Spring", "1"), ("4", "Spring", "2"))
    mails = [
        Mail(template=template, subject=subject, campaign=campaign, campaign_name="", base=0)
        for template, subject, campaign in letters
    ]
    assert click_map_view.letters([*mails, mails[0]]) == {
        "114554439": "“Spring”, letter 1",
        "3": "“Spring”, letter 2",
        "2": "“Summer”",
        "4": "“Spring”",
    }


def test_a_picture_of_the_mail_is_offered_where_a_browser_is_and_else_it_is_said(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(click_maps, "why_not", lambda: "")
    assert f'href="{MAP}.png?layer=machine&amp;template=' in asking.page(f"{MAP}?layer=machine")
    monkeypatch.setattr(click_maps, "photograph", lambda html: f"{len(html)}".encode())
    taken = asking.get(f"{MAP}.png")
    assert (taken.status_code, taken.headers["content-type"]) == (200, "image/png")
    assert 'filename="click-map-1-' in taken.headers["content-disposition"]
    assert int(taken.content) == len(asking.page(f"{MAP}/mail")), "the mail of the frame"
    monkeypatch.undo()
    monkeypatch.setattr(camera, "BROWSERS", ("no-such-browser",))
    page = asking.page(MAP)
    assert "map.png" not in page
    assert "Chromium draws it and is not installed" in page
    assert asking.get(f"{MAP}.png").status_code == 503
