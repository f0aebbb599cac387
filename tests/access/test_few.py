"""Who may see numbers about many alone: no campaign of few copies, no small group, no table that is one of groups."""

import re
from collections.abc import Iterator

import pytest
from tests.access.house import Browser, House, house_over
from tests.experiments import trials
from tests.insight import seeding

from mailwake.access.actors import COMMAND
from mailwake.access.programs import Wanted
from mailwake.access.roles import TOTALS, may, whole
from mailwake.access.routes import table
from mailwake.sampling.cells import LEAST


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A crowd of which three people use a rare program, and a letter to nine people."""
    stores = seeding.open_stores(tmp_path_factory.mktemp("data"))
    seeding.crowd(stores, "Crowd", people=130)
    seeding.crowd(stores, "Nine", people=LEAST - 1, seed=3)
    trials.trial(stores, "Even", [trials.Copies(sent=40, people=9), trials.Copies(sent=40, people=30)])
    trials.trial(stores, "Uneven", [trials.Copies(sent=40, people=9), trials.Copies(sent=LEAST - 1, people=3)])
    with house_over(stores, tmp_path_factory.mktemp("access")) as found:
        yield found
    seeding.close(stores)


@pytest.fixture
def few(house: House) -> Browser:
    return house.session(house.user("aggregates", f"aggregates-{len(house.notes.acts)}@office.example"))


@pytest.fixture
def viewer(house: House) -> Browser:
    return house.session(house.user("viewer", f"viewer-{len(house.notes.acts)}@office.example"))


def test_a_campaign_of_nine_copies_is_nowhere_and_counts_in_no_sum(few: Browser, viewer: Browser) -> None:
    seen, hidden = viewer.get("/api/campaigns").json(), few.get("/api/campaigns").json()
    assert {each["name"] for each in seen["campaigns"]} - {each["name"] for each in hidden["campaigns"]} == {"Nine"}
    assert seen["total"]["sent"] - hidden["total"]["sent"] == LEAST - 1
    assert viewer.get("/api/campaigns/Nine").status_code == 200
    for path in ("/api/campaigns/Nine", "/campaigns/Nine", "/api/campaigns/2", "/campaigns/2/definitions"):
        assert few.get(path).status_code == 404, path
    assert "Nine" not in few.get("/").text
    assert few.get("/api/compare?c=Crowd&c=Nine").status_code == 404


def test_small_groups_of_a_report_are_left_out_everywhere(few: Browser, viewer: Browser) -> None:
    told, all_of_it = (each.get("/api/campaigns/Crowd").json() for each in (few, viewer))
    for part in ("clients", "devices", "countries"):
        sizes = [max(group["opened"]["raw"], group["clicked"]["raw"]) for group in told[part]]
        assert all(size == 0 or size >= LEAST for size in sizes), part
        assert len(told[part]) <= len(all_of_it[part])
    assert len(told["clients"]) < len(all_of_it["clients"]), "there was something to leave out"
    assert told["tally"] == all_of_it["tally"]
    assert (told["over_time"], told["first_day"]) == (None, None), "a quarter of an hour has one person in it"
    page = few.get("/campaigns/Crowd").text
    assert 'class="series-set"' not in page
    assert page.count("<h2") < viewer.get("/campaigns/Crowd").text.count("<h2")


def test_an_experiment_of_which_a_variant_went_to_few_is_nowhere(few: Browser, viewer: Browser) -> None:
    told, all_of_them = (each.get("/api/experiments").json()["experiments"] for each in (few, viewer))
    assert [each["name"] for each in told] == ["Even"]
    assert {each["name"] for each in all_of_them} == {"Even", "Uneven"}
    assert few.get("/api/experiments/Even").status_code == 200
    assert few.get("/api/experiments/Uneven").status_code == 404
    assert few.get("/experiments/Uneven").status_code == 404


def test_a_comparison_has_no_parts_of_the_audience(few: Browser, viewer: Browser) -> None:
    told, all_of_it = (each.get("/api/compare?c=Crowd&c=Campaign of Even").json()["why"] for each in (few, viewer))
    assert any(each["groups"] for each in all_of_it)
    assert [each["groups"] for each in told] == [[]] * len(all_of_it)
    assert [each["causes"] for each in told] == [each["causes"] for each in all_of_it]


def test_no_answer_names_what_is_about_few(few: Browser) -> None:
    """Whatever may be read at all, with the names that there are in each of its places."""
    asked = 0
    for line in sorted(route for route, needed in table().items() if set(needed.permissions) == {TOTALS}):
        method, path = line.split()
        for place in ("Crowd", "Nine", "Even", "Uneven"):
            if method == "get":
                asking = "?c=Crowd&c=Even" if path.endswith("/compare") else ""
                told = few.get(re.sub(r"\{\w+\}", place, path) + asking)
                asked += told.status_code == 200
                assert told.status_code in (200, 400, 404, 422), (path, place)
                assert told.status_code != 200 or not re.search(r"\bNine\b|(?<!of )Uneven", told.text), (path, place)
    assert asked > 30


def test_tables_of_groups_are_refused(few: Browser) -> None:
    for path in (
        "/domains",
        "/segments",
        "/timing",
        "/bounces",
        "/deliverability",
        "/campaigns/Crowd/map",
        "/campaigns/Crowd/pace",
        "/campaigns/Crowd/conversions",
        "/goals",
    ):
        assert few.get(path).status_code == 403, path
    for path in ("/api/query?query=clicked", "/api/segments", "/api/domains", "/api/campaigns/Crowd/map"):
        assert few.get(path).status_code == 403, path


def test_what_was_kept_for_others_is_not_given_to_them(few: Browser, viewer: Browser) -> None:
    assert 'id="providers"' in viewer.get("/campaigns/Crowd").text
    assert 'id="providers"' not in few.get("/campaigns/Crowd").text


def test_numbers_about_many_are_part_of_all_numbers() -> None:
    assert whole(["stats:read"]) == {"stats:read", "stats:totals"}
    assert whole(["stats:totals"]) == {"stats:totals"}
    assert may("aggregates") == {"stats:totals"}
    assert {"stats:read", "stats:totals"} <= may("viewer")
    assert any("stats:totals" in line.permissions for line in table().values())


def test_a_key_made_for_all_numbers_goes_on_reading_totals(house: House) -> None:
    def status(scope: str, path: str) -> int:
        key = house.gate.programs.make(COMMAND, Wanted(name=scope, scopes=(scope,))).text
        return house.asking.get(path, headers={"Authorization": f"Bearer {key}"}).status_code

    assert [status("stats:read", path) for path in ("/api/campaigns", "/api/domains")] == [200, 200]
    assert [status("stats:totals", path) for path in ("/api/campaigns", "/api/domains")] == [200, 403]
