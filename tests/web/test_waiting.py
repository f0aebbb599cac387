"""On a large store whoever opens a page that is being counted is told so on a page of ours, and then given theirs."""

import asyncio
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.web.conftest import NOW

from mailwake.insight.stores import Stores
from mailwake.serving import layers, patience
from mailwake.serving.guard import HEADERS
from mailwake.settings import parse
from mailwake.store.answers.opening import visits_of
from mailwake.store.answers.remembered import Remembered
from mailwake.web import pages
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
    assert 'id="stamp"' not in small.text, "the newest event may be what is waited for"
    assert page.status_code == 200
    assert "Crowd &amp; Sons" in page.text


@pytest.mark.parametrize("path", ["/", "/timing", "/domains", "/compare?c=1&c=2"])
def test_a_page_of_a_large_store_says_what_it_would_say_of_a_small_one_and_is_worked_out_once(
    stores: Stores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    made = Counter[str]()

    def counted(name: str) -> Any:
        ask = getattr(pages, name)

        def asked(*given: Any, **named: Any) -> Any:
            made[name] += 1
            return ask(*given, **named)

        return asked

    for name in ("overview", "timing", "atlas"):
        monkeypatch.setattr(pages, name, counted(name))
    (tmp_path / "events.duckdb").write_bytes(b"x")
    kept: Any = Remembered(stores.events, clock=lambda: 0.0)
    monkeypatch.setattr("mailwake.serving.keeping.TIMES", 1e9)

    async def go(stores: Stores) -> str:
        app = create_app(stores, settings=parse({"data": "."}, root=tmp_path), wall=lambda: NOW)
        made.clear()
        async with httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=app), base_url="http://127.0.0.1:8026"
        ) as client:
            for _ in range(3):
                answer = await client.get(path, headers=BROWSER)
                while answer.status_code == patience.STATUS:
                    await asyncio.sleep(0.05)
                    answer = await client.get(path, headers=BROWSER)
        return answer.text

    small = asyncio.run(go(stores))
    assert set(made.values()) == {3}
    monkeypatch.setattr(patience, "LARGE_BYTES", 0)
    assert asyncio.run(go(replace(stores, events=kept))) == small
    assert set(made.values()) == {1}


def test_a_page_that_is_begun_comes_first(stores: Stores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "LARGE_BYTES", 0)
    (tmp_path / "events.duckdb").write_bytes(b"x")
    kept: Any = Remembered(stores.events)
    begun = list[None]()
    monkeypatch.setattr(visits_of(kept), "begin", lambda: begun.append(None))
    app = create_app(replace(stores, events=kept), settings=parse({"data": "."}, root=tmp_path), wall=lambda: NOW)

    async def go() -> None:
        async with httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=app), base_url="http://127.0.0.1:8026"
        ) as client:
            await client.get("/status", headers=BROWSER)

    asyncio.run(go())
    assert len(begun) == 1
