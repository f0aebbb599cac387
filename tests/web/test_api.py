"""The API says what insight says, byte for byte."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.every import every
from tests.web.conftest import DELIVERY, NOW, Asking

from mailwake.atlas.answers import to_json as atlas_to_json
from mailwake.atlas.domains import atlas
from mailwake.errors import Unavailable
from mailwake.insight.answers import to_json
from mailwake.insight.report import campaign_report, find, overview
from mailwake.insight.stores import Stores
from mailwake.people.delivery import delivery_card
from mailwake.people.delivery import to_json as delivery_to_json
from mailwake.people.people import FILTERS, people
from mailwake.web.app import create_app


def test_all_campaigns_are_insights_answer(asking: Asking, stores: Stores) -> None:
    response = asking.get("/api/campaigns")
    assert response.content == to_json(overview(stores))
    assert response.headers["content-type"] == "application/json"


@pytest.mark.parametrize("wanted", ["1", "By hand", "Crowd & Sons"])
def test_one_campaign_is_found_by_number_and_name(asking: Asking, stores: Stores, wanted: str) -> None:
    response = asking.get(f"/api/campaigns/{wanted.replace('&', '%26')}")
    assert response.content == to_json(campaign_report(stores, find(stores, wanted)))


def test_people_come_in_pages(asking: Asking, stores: Stores) -> None:
    response = asking.get("/api/campaigns/2/people?outcome=delivered&page=2&page_size=10")
    expected = people(stores, find(stores, "2"), outcome="delivered", page=2, page_size=10)
    assert response.content == to_json(expected)
    assert len(json.loads(response.content)["people"]) == 10


def test_domains_are_insights_answer(asking: Asking, stores: Stores) -> None:
    response = asking.get("/api/domains?days=30")
    assert response.content == atlas_to_json(atlas(stores, now=NOW, days=30))
    assert len(response.json()["domains"]) == 3


@pytest.mark.parametrize("query", ["days=0", "days=x", "days=9999999999999"])
def test_days_that_cannot_be_are_refused(asking: Asking, query: str) -> None:
    assert asking.get(f"/api/domains?{query}").status_code == 400


def test_a_delivery_is_insights_answer(asking: Asking, stores: Stores) -> None:
    card = delivery_card(stores, find(stores, "3"), DELIVERY.rpartition("/")[2])
    assert asking.get(DELIVERY).content == delivery_to_json(card)


def test_a_delivery_that_is_not_there_is_404_and_says_where_to_look(asking: Asking) -> None:
    response = asking.get("/api/campaigns/1/deliveries/99")
    assert response.status_code == 404
    assert "list of people" in response.json()["error"]


def test_an_unknown_campaign_is_404_and_the_nearest_is_named(asking: Asking) -> None:
    response = asking.get("/api/campaigns/by%20hnd")
    assert response.status_code == 404
    assert response.json() == {"error": "there is no campaign 'by hnd'; the nearest is 'By hand'"}


@every("query", ["outcome=nonsense", "page=0", "page=x", "page=99999999999999999999", "page_size=0", "page_size=1001"])
def test_a_question_that_cannot_be_is_refused_with_a_reason(asking: Asking, query: str) -> None:
    response = asking.get(f"/api/campaigns/1/people?{query}")
    assert response.status_code == 400
    assert len(response.json()["error"]) > 10


def test_a_page_beyond_the_last_is_empty(asking: Asking) -> None:
    assert asking.get("/api/campaigns/1/people?page=1000000").json()["people"] == []


def test_health_says_ok_when_the_stores_answer(asking: Asking) -> None:
    assert asking.get("/health").json() == {"status": "ok"}


def test_a_store_that_is_away_is_503_and_says_when_to_come_back(stores: Stores) -> None:
    class Away:
        def ask(self, *_: object, **__: object) -> None:
            raise Unavailable("the event store is away", retry_after_seconds=7)

    away = Stores(state=stores.state, events=Away(), zone=stores.zone)  # type: ignore[arg-type]  # a store that is away
    asking = Asking(create_app(away))
    for path in ("/health", "/api/campaigns"):
        response = asking.get(path)
        assert response.status_code == 503
        assert response.headers["retry-after"] == "7"
        assert response.json() == {"error": "the event store is away"}


def test_an_api_address_that_does_not_exist_answers_in_json(asking: Asking) -> None:
    response = asking.get("/api/nothing")
    assert response.status_code == 404
    assert "error" in response.json()


def test_the_routes_are_described(asking: Asking) -> None:
    paths = asking.get("/api/openapi.json").json()["paths"]
    campaigns = {"/api/campaigns", "/api/campaigns/{campaign}", "/api/campaigns/{campaign}/people"}
    campaigns |= {"/api/campaigns/{campaign}/deliveries/{delivery}", "/api/campaigns/{campaign}/reconcile"}
    campaigns |= {"/api/campaigns/{campaign}/bounces", "/api/bounces", "/api/campaigns/{campaign}/definitions"}
    campaigns |= {"/api/campaigns/{campaign}/pace", "/api/compare"}
    campaigns |= {"/api/timing", "/api/campaigns/{campaign}/timing", "/api/person"}
    campaigns |= {"/api/campaigns/{campaign}/map", "/api/campaigns/{campaign}/events"}
    campaigns |= {"/api/campaigns/{campaign}/deliverability", "/api/person/hour"}
    campaigns |= {
        "/api/changes",
        "/api/deliverability",
        "/api/postmaster",
        "/api/campaigns/{campaign}/links/{number}/people",
    }
    lists = {"/api/suppressions", "/api/suppressions/{address}", "/api/suppressions/lift", "/api/incidents"}
    lists |= {"/api/hygiene"}
    segments = {f"/api/segments{rest}" for rest in ("", "/{name}", "/{name}/people", "/{name}/handles", "/delete")}
    segments |= {"/api/query", "/api/query/handles", "/api/query/next", "/api/sunset"}
    tried = {"/api/experiments", "/api/experiments/{name}", "/api/experiments/{name}/decide", "/api/experiment-plan"}
    tried |= {"/api/experiments/delete"}
    goals = {"/api/goals", "/api/goals/{name}", "/api/goals/delete", "/api/campaigns/{campaign}/conversions"}
    campaigns |= {"/api/salesforce", "/api/workflows", "/api/workflows/why", "/api/workflows/{rule}/test"}
    campaigns |= {"/api/salesforce/reconcile", "/api/links", "/api/link"}
    tried |= {"/api/preflight", "/api/calls", "/api/score/movers", "/api/score/learn", "/api/score/use"}
    files = {"/api/export/{table}", "/api/pack", "/api/snapshot", "/api/audit.jsonl"}
    files |= {"/api/privacy/retention", "/api/hygiene"}
    lists |= {"/api/audit", "/api/audit/check"}
    lists |= {"/api/consent", "/api/consent/{address}", "/api/consent/{address}/proof"}
    assert (
        set(paths)
        == {"/health", "/api/status", "/api/domains", "/api/notifications"}
        | campaigns
        | lists
        | segments
        | tried
        | goals
        | files
    )


def test_no_documentation_page_loads_scripts_from_elsewhere(asking: Asking) -> None:
    assert asking.get("/docs").status_code == 404
    assert asking.get("/redoc").status_code == 404


ASKED = (
    "/api/domains",
    "/api/bounces",
    "/api/campaigns/1/definitions",
    "/api/campaigns/1/pace",
    "/api/compare?c=1&c=2",
    "/api/timing",
    "/api/person?address=person0%40example.com",
    "/api/calls",
)
GOALS = (
    "/api/goals",
    "/api/goals/purchase?segments=true",
    "/api/campaigns/2/conversions?goal=purchase&model=linear&segments=true",
)
LISTS = (
    "/api/consent/person1@example.com",
    "/api/suppressions?page_size=2",
    "/api/suppressions/dead0@gmail.com",
    "/api/incidents",
)
SEGMENTS = (
    "/api/segments",
    "/api/segments/Clicked%20once/people",
    "/api/query?query=clicked",
    "/api/query/next?query=cl",
    "/api/query/handles?query=clicked",
    "/api/sunset?days=1",
)


def test_the_reference_tells_every_route_and_every_field(asking: Asking) -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "api.md").read_text(encoding="utf-8")
    for route, verbs in asking.get("/api/openapi.json").json()["paths"].items():
        for verb in verbs:
            assert f"\n## {verb.upper()} {route}\n" in page
    paths = ("/api/status", "/api/campaigns", "/api/campaigns/1", "/api/campaigns/1/people")
    todo = [asking.get(path).json() for path in (*paths, *ASKED, *LISTS, *SEGMENTS, *GOALS, DELIVERY)]
    while todo:
        node = todo.pop()
        if isinstance(node, dict):
            for name in node:
                assert re.search(rf"\b{name}\b", page), name
        todo.extend(node.values() if isinstance(node, dict) else node if isinstance(node, list) else ())


def test_the_reference_tells_every_outcome() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "api.md").read_text(encoding="utf-8")
    for outcome in FILTERS:
        assert re.search(rf"\b{outcome}\b", page), outcome


@pytest.mark.parametrize(
    ("path", "lines"),
    [
        ("/api/campaigns/2/people", "people"),
        ("/api/campaigns/2/events", "events"),
        ("/api/suppressions", "suppressions"),
        ("/api/segments/Clicked%20once/people", "people"),
    ],
)
def test_a_list_that_grows_is_read_whole_by_its_cursors(asking: Asking, path: str, lines: str) -> None:
    whole = asking.get(f"{path}?page_size=1000").json()
    assert whole["next"] is None or lines == "events"
    size = max(len(whole[lines]) // 3, 1)
    parts: list[Any] = []
    cursor: str | None = ""
    while cursor is not None:
        page = asking.get(f"{path}?page_size={size}&cursor={cursor}").json()
        parts += page[lines]
        cursor = page["next"]
    assert parts[: len(whole[lines])] == whole[lines]
    refused = asking.get(f"{path}?cursor=nonsense")
    assert refused.status_code == 400
    assert "begin again without one" in refused.json()["error"]


def test_files_are_named_and_whole_and_a_third_at_once_waits(asking: Asking) -> None:
    response = asking.get("/api/export/people?campaign=2&format=csv&outcome=bounced")
    assert response.headers["content-disposition"] == 'attachment; filename="people.csv"'
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    total = asking.get("/api/campaigns/2/people?outcome=bounced").json()["total"]
    assert response.text.count("\r\n") == total + 1
    assert asking.get("/api/export/events?campaign=2&format=parquet").content.startswith(b"PAR1")
    assert asking.get("/api/pack?campaign=2").status_code == 503  # this dashboard was told of no keys
    places: Any = asking.state.exports
    held = [places.take(), places.take()]
    refused = asking.get("/api/export/campaigns")
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "30")
    for give_back in held:
        give_back()
    for query, status in (("format=xls", 400), ("format=parquet", 200), ("campaign=x", 400)):
        assert asking.get(f"/api/export/campaigns?{query}").status_code == status
    for give_back in [places.take(), places.take()]:  # each gave its place back
        give_back()
