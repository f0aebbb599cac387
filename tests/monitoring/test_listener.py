"""Three paths and no more, told apart from everything else by path and method alone."""

import asyncio
import json

import httpx2
import pytest
from tests.monitoring.conftest import NOW, Installation

from mailwake.monitoring.listener import Listener
from mailwake.monitoring.status import Status, look


def ask(
    installation: Installation, path: str, *, method: str = "GET", headers: dict[str, str] | None = None
) -> httpx2.Response:
    async def found() -> Status:
        return look(installation.data, keep_days=7, now=NOW)

    async def asking() -> httpx2.Response:
        transport = httpx2.ASGITransport(app=Listener(found))
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8027") as client:
            return await client.request(method, path, headers=headers)

    return asyncio.run(asking())


def test_metrics_are_text_that_nobody_keeps(installation: Installation) -> None:
    installation.edge()
    answer = ask(installation, "/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert 'mailwake_edge_received_total{worker="0"} 10.0' in answer.text


def test_metrics_come_as_openmetrics_to_whoever_accepts_it(installation: Installation) -> None:
    headers = {"Accept": "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"}
    answer = ask(installation, "/metrics", headers=headers)
    assert answer.headers["content-type"].startswith("application/openmetrics-text")


def test_it_lives_also_where_nothing_else_does(installation: Installation) -> None:
    answer = ask(installation, "/health/live")
    assert (answer.status_code, answer.json()) == (200, {"live": True})


def test_what_is_not_ready_is_503_with_the_reasons(installation: Installation) -> None:
    answer = ask(installation, "/health/ready")
    assert answer.status_code == 503
    assert answer.json() == {"ready": False, "problems": ["no role has said anything yet"], "decisions": []}
    installation.serve("edge-0")
    installation.edge()
    installation.append("edge-0", 5)
    answer = ask(installation, "/health/ready")
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "problems": [], "decisions": []})


@pytest.mark.parametrize(
    "path", ["/", "/metrics/", "/health", "/health/ready/x", "/admin", "/.git", "/METRICS", "//metrics"]
)
def test_nothing_else_is_there(installation: Installation, path: str) -> None:
    assert ask(installation, path).status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_it_is_only_read(installation: Installation, method: str) -> None:
    answer = ask(installation, "/metrics", method=method)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


def test_head_is_get_without_a_body(installation: Installation) -> None:
    got, head = ask(installation, "/health/live"), ask(installation, "/health/live", method="HEAD")
    assert head.content == b""
    assert head.headers == got.headers


def test_a_query_changes_nothing(installation: Installation) -> None:
    assert json.loads(ask(installation, "/health/live?name[]=x").content) == {"live": True}
