"""A crowd in front of the dashboard is sent away at once: pages first, the API later, monitors never."""

import asyncio
from contextlib import AsyncExitStack

import httpx2
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from tests.web.conftest import Asking

from mailwake.serving.admission import CALLS_BELOW, PAGES_BELOW, Admission


class Slow:
    """An application that answers `/slow` when it is told to, and everything else at once."""

    def __init__(self, expected: int) -> None:
        self.may_answer, self.all_wait = asyncio.Event(), asyncio.Event()
        self._expected = expected

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if "slow" in scope["path"]:
            self._expected -= 1
            if not self._expected:
                self.all_wait.set()
            await self.may_answer.wait()
            if scope["path"].endswith("broken"):
                raise RuntimeError("broken")
        await PlainTextResponse("here you are")(scope, receive, send)


class Crowd:
    """So many requests that wait, and then one question after the other."""

    def __init__(self, *paths: str) -> None:
        self.slow, self._paths = Slow(len(paths)), paths
        self.admission = Admission(self.slow)

    async def __aenter__(self) -> "Crowd":
        self._stack = AsyncExitStack()
        transport = httpx2.ASGITransport(app=self.admission, raise_app_exceptions=False)
        self._client = await self._stack.enter_async_context(
            httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8026")
        )
        self._waiting = [asyncio.create_task(self._client.get(path)) for path in self._paths]
        await self.slow.all_wait.wait()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.end()
        await self._stack.aclose()

    async def ask(self, path: str) -> httpx2.Response:
        return await self._client.get(path)

    async def end(self) -> list[int]:
        """Everybody gets their answer."""
        self.slow.may_answer.set()
        return [answer.status_code for answer in await asyncio.gather(*self._waiting)]


def test_pages_are_refused_when_too_many_wait_and_the_api_goes_on() -> None:
    async def scene() -> None:
        async with Crowd(*["/slow"] * PAGES_BELOW) as crowd:
            refused = await crowd.ask("/campaigns/1")
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
            assert (await crowd.ask("/api/campaigns")).status_code == 200
            assert await crowd.end() == [200] * PAGES_BELOW
            assert (await crowd.ask("/campaigns/1")).status_code == 200
            assert crowd.admission.refused == 1

    asyncio.run(scene())


@pytest.mark.parametrize("path", ["/health", "/static/own.css"])
def test_a_monitor_is_always_let_in(path: str) -> None:
    async def scene() -> None:
        async with Crowd(*["/api/slow"] * CALLS_BELOW) as crowd:
            assert (await crowd.ask("/api/campaigns")).status_code == 503
            assert (await crowd.ask("/")).status_code == 503
            assert (await crowd.ask(path)).status_code == 200

    asyncio.run(scene())


def test_a_request_that_fails_makes_room_like_any_other() -> None:
    async def scene() -> None:
        async with Crowd(*["/slow/broken"] * PAGES_BELOW) as crowd:
            assert await crowd.end() == [500] * PAGES_BELOW
            assert (await crowd.ask("/")).status_code == 200

    asyncio.run(scene())


def test_the_dashboard_stands_behind_it(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailwake.serving.admission.PAGES_BELOW", 0)
    answer = asking.get("/")
    assert answer.status_code == 503
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert asking.get("/api/campaigns").status_code == 200
