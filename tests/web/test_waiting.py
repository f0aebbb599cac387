"""On a large store whoever opens a page that is being counted is told so on a page of ours, and then given theirs."""

import asyncio
from pathlib import Path

import httpx2
import pytest
from tests.web.conftest import NOW

from mailwake.insight.stores import Stores
from mailwake.serving import layers, patience
from mailwake.serving.guard import HEADERS
from mailwake.settings import parse
from mailwake.web.app import create_app

BROWSER = {"accept": "text/html"}


def test_a_page_of_ours_says_that_it_is_being_counted_and_opens_by_itself(
    stores: Stores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "LARGE_BYTES", 0)
    monkeypatch.setattr(layers, "SECONDS", 0.0)
    (tmp_path / "events.duckdb").write_bytes(b"x")
    app = create_app(stores, settings=parse({"data": "."}, root=tmp_path), wall=lambda: NOW)

    async def go() -> tuple[httpx2.Response, httpx2.Response]:
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8026") as client:
            first = answer = await client.get("/campaigns/2", headers=BROWSER)
            while answer.status_code == patience.STATUS:
                await asyncio.sleep(0.05)
                answer = await client.get("/campaigns/2", headers=BROWSER)
            return first, answer

    small, page = asyncio.run(go())
    assert (small.status_code, small.headers["refresh"]) == (202, "1")
    assert {name: small.headers[name] for name in HEADERS} == HEADERS
    assert "<h1>Being counted</h1>" in small.text
    assert 'href="/segments"' in small.text
    assert page.status_code == 200
    assert "Crowd &amp; Sons" in page.text
