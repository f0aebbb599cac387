"""The page that leads to people, and the one that says what the installation is set to."""

from pathlib import Path
from urllib.parse import quote

import pytest
from tests.access.house import house_over
from tests.web.conftest import Asking
from tests.web.test_pages import Seen, words

from mailwake.insight.stores import Stores
from mailwake.people.finding import MOST, find_people
from mailwake.scoring.desk import Desk
from mailwake.settings import parse
from mailwake.signposts import people as signposts
from mailwake.signposts.settings import sections
from mailwake.store.access.finding import addresses_with
from mailwake.store.access.masked import Hidden, MaskedState, pseudonym


def people_at(asking: Asking, q: str) -> list[str]:
    """Where a search leads."""
    main = Seen(
        asking.page(f"/people?q={quote(q)}")
        .partition('id="lists"')[0]
        .partition('id="found"')[2]
        .partition('id="most"')[0]
    )
    return [a["href"] for a in main.all("a")]


def test_an_address_is_found_in_any_spelling(asking: Asking) -> None:
    assert people_at(asking, "PERSON1@Example.com") == ["/person?address=person1%40example.com"]


def test_a_part_of_an_address_finds_all_that_have_it(asking: Asking) -> None:
    found = people_at(asking, "dead1")
    assert "/person?address=dead1%40gmail.com" in found
    assert "/person?address=dead10%40gmail.com" in found
    assert len(found) == 11


@pytest.mark.parametrize("part", ["%%%", "___", "per%n", "\\\\\\"])
def test_a_wildcard_is_a_letter_like_others(stores: Stores, part: str) -> None:
    assert addresses_with(stores.state, part, limit=5) == {}


def test_of_too_many_the_first_are_shown_and_it_says_so(stores: Stores, asking: Asking) -> None:
    assert find_people(stores, "@corp.example").is_cut
    assert len(people_at(asking, "@corp.example")) == MOST
    assert f"the first {MOST}" in words(asking.page("/people?q=%40corp.example"))


@pytest.mark.parametrize(("q", "status"), [("ab", 400), ("nobody-has-this", 200), ("x" * 321, 400)])
def test_what_finds_nobody_is_told(asking: Asking, q: str, status: int) -> None:
    answer = asking.get(f"/people?q={q}")
    assert answer.status_code == status
    assert status == 400 or "Nobody has such an address." in words(answer.text)


def test_it_leads_to_the_most_engaged_the_active_and_all_lists(asking: Asking) -> None:
    page = asking.page("/people")
    assert "The most engaged" in words(page)
    assert "Active lately" in words(page)
    targets = {a["href"] for a in Seen(page.partition('id="active"')[2]).all("a")}
    assert {"/segments", "/calls", "/suppressions", "/unsubscribes", "/consent"} <= targets
    assert [target for target in targets if target.startswith("/person?address=")]


def test_a_person_without_an_address_leads_to_the_search(asking: Asking) -> None:
    answer = asking.get("/person")
    assert (answer.status_code, answer.headers["location"]) == (303, "/people")


def test_who_may_not_know_people_finds_nobody_by_address(stores: Stores, tmp_path: Path) -> None:
    (handle,) = stores.state.known_handles(["person1@example.com"]).values()
    with pytest.raises(Hidden):
        addresses_with(MaskedState(stores.state), "person1", limit=1)
    with house_over(stores, tmp_path) as house:
        analyst, viewer = (house.session(house.user(role)) for role in ("analyst", "viewer"))
        for q in ("person1%40example.com", "person1", "nobody"):
            assert analyst.get(f"/people?q={q}").status_code == 403
        assert f"/person?address={pseudonym(handle)}" in analyst.get(f"/people?q={pseudonym(handle)}").text
        page = viewer.get("/people").text
        assert "Search" not in page
        assert "/person?" not in page
        assert "The most engaged" not in page
        assert house.session(house.user("aggregates")).get("/people").status_code == 403


def test_settings_are_told_without_secrets(tmp_path: Path) -> None:
    settings = parse(
        {
            "web": {"port": 8100},
            "relay": {"port": 2600},
            "notify": {"chat": {"url": "https://hooks.example/services/T0PSECRET", "secrets": ["env:T0PSECRET"]}},
            "salesforce": {"login": "https://me:T0PSECRET@org.example/"},
        },
        root=tmp_path,
    )
    told = {section.name: {option.name: option for option in section.options} for section in sections(settings)}
    assert "T0PSECRET" not in repr(told)
    assert told["web"]["port"].value == "8100"
    assert told["web"]["port"].is_chosen
    assert not told["web"]["timezone"].is_chosen
    assert told['notify."chat"']["url"].value == "https://hooks.example/…"


def test_the_page_of_settings_leads_to_all_pages(nothing: Asking) -> None:
    page = nothing.page("/settings")
    assert "[relay]" in words(page)
    assert "2599" in words(page)
    targets = {a["href"] for a in Seen(page.partition("<main")[2]).all("a")}
    assert {"/audit", "/links", "/preflight", "/consent", "/status"} <= targets


@pytest.mark.parametrize("events", [0, 1_000_000_000])
def test_on_a_large_store_nobody_waits_for_the_most_engaged(
    asking: Asking, monkeypatch: pytest.MonkeyPatch, events: int
) -> None:
    monkeypatch.setattr(signposts, "_MANY", events)
    monkeypatch.setattr(Desk, "is_ranked", lambda *_, **__: False)
    page = asking.page("/people")
    assert ("Being counted" in page) == (events == 0)
    assert 'id="active"' in page
