"""A page that takes long is waited for on a small one, made once, and handed to whoever asked for it alone."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx2
import pytest
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.types import Receive, Scope, Send

from mailwake.serving.patience import STATUS, Patience
from mailwake.store.answers.glance import looking

BROWSER = {"accept": "text/html,application/xhtml+xml", "cookie": "session=ann"}


class Slow:
    """Answers `/slow` when it is told to, everything else at once, and says whom it answered."""

    def __init__(self) -> None:
        self.may_answer, self.made = asyncio.Event(), 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.made += 1
        cookie = dict(scope["headers"]).get(b"cookie", b"").decode()
        if "slow" in scope["path"]:
            await self.may_answer.wait()
            if scope["path"].endswith("broken"):
                await PlainTextResponse("it broke", status_code=500)(scope, receive, send)
                raise RuntimeError("broken")
        await HTMLResponse(f"for {cookie}")(scope, receive, send)


class Place:
    """The middleware before a slow application."""

    def __init__(self, client: httpx2.AsyncClient, slow: Slow) -> None:
        self._client, self.slow = client, slow

    async def ask(self, path: str, **headers: str) -> tuple[int, str]:
        answer = await self._client.get(path, headers=headers or BROWSER)
        return answer.status_code, answer.text


@asynccontextmanager
async def place(
    *, is_large: bool = True, clock: Callable[[], float] = time.monotonic, begun: Callable[[], None] = lambda: None
) -> AsyncIterator[Place]:
    slow = Slow()
    small = PlainTextResponse("being counted", status_code=STATUS)
    app = Patience(slow, small, wanted=lambda: is_large, seconds=0.05, begun=begun, clock=clock)
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8026") as client:
        yield Place(client, slow)
        slow.may_answer.set()


def test_who_waits_is_told_so_and_then_given_the_page_which_is_made_once() -> None:
    async def go() -> None:
        async with place() as found:
            assert await found.ask("/slow") == (202, "being counted")
            assert await found.ask("/slow") == (202, "being counted")
            assert found.slow.made == 1
            found.slow.may_answer.set()
            assert await found.ask("/slow") == (200, "for session=ann")
            assert found.slow.made == 1, "nothing was made anew"
            assert await found.ask("/slow") == (200, "for session=ann")
            assert found.slow.made == 2, "what was handed over is not kept"

    asyncio.run(go())


def test_nobody_is_given_what_was_made_for_somebody_else() -> None:
    async def go() -> None:
        async with place() as found:
            await found.ask("/slow?a=1")
            found.slow.may_answer.set()
            await asyncio.sleep(0)
            other = {**BROWSER, "cookie": "session=bob"}
            assert await found.ask("/slow?a=1", **other) == (200, "for session=bob")
            key = {**BROWSER, "authorization": "Bearer x"}
            assert await found.ask("/slow?a=1", **key) == (200, "for session=ann")
            assert await found.ask("/slow?a=2") == (200, "for session=ann")
            assert found.slow.made == 4, "each of them was made"

    asyncio.run(go())


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/api/slow", BROWSER),
        ("/slow.csv", BROWSER),
        ("/slow", {"accept": "*/*"}),
        ("/slow", {**BROWSER, "hx-request": "true"}),
    ],
    ids=["the API", "a file", "a program", "a part of a page"],
)
def test_programs_files_and_parts_of_pages_wait_for_their_answer(path: str, headers: dict[str, str]) -> None:
    async def go() -> None:
        async with place() as found:
            asking = asyncio.create_task(found.ask(path, **headers))
            await asyncio.sleep(0.15)
            assert not asking.done()
            found.slow.may_answer.set()
            assert (await asking)[0] == 200

    asyncio.run(go())


def test_on_a_small_store_nobody_sees_the_small_page() -> None:
    async def go() -> None:
        async with place(is_large=False) as found:
            asking = asyncio.create_task(found.ask("/slow"))
            await asyncio.sleep(0.15)
            found.slow.may_answer.set()
            assert await asking == (200, "for session=ann")

    asyncio.run(go())


def test_what_broke_meanwhile_is_told() -> None:
    async def go() -> None:
        async with place() as found:
            assert (await found.ask("/slow/broken"))[0] == 202
            found.slow.may_answer.set()
            assert await found.ask("/slow/broken") == (500, "it broke")

    asyncio.run(go())


def test_what_nobody_comes_back_for_is_let_go_of() -> None:
    now = 0.0

    async def go() -> None:
        nonlocal now
        async with place(clock=lambda: now) as found:
            assert (await found.ask("/slow"))[0] == 202
            found.slow.may_answer.set()
            await asyncio.sleep(0.05)
            now = 16.0
            assert await found.ask("/slow") == (200, "for session=ann")
            assert found.slow.made == 2, "made anew, for whoever asks now"

    asyncio.run(go())


def test_a_page_that_is_there_in_time_is_given_at_once() -> None:
    async def go() -> None:
        async with place() as found:
            assert await found.ask("/quick") == (200, "for session=ann")

    asyncio.run(go())


@pytest.mark.parametrize(("is_large", "told"), [(True, 2), (False, 0)])
def test_each_page_of_a_large_store_is_told_of_when_it_is_begun(*, is_large: bool, told: int) -> None:
    begun = list[None]()

    async def go() -> None:
        async with place(is_large=is_large, begun=lambda: begun.append(None)) as found:
            if not is_large:
                found.slow.may_answer.set()
            for _ in range(3):
                await found.ask("/slow")
            await found.ask("/quick")
            await found.ask("/api/quick")

    asyncio.run(go())
    assert len(begun) == told


def test_a_crowd_that_asks_for_many_slow_pages_waits_as_before() -> None:
    async def go() -> None:
        async with place() as found:
            answers = await asyncio.gather(*(found.ask(f"/slow?{number}") for number in range(16)))
            assert {status for status, _ in answers} == {202}
            asking = asyncio.create_task(found.ask("/slow?more"))
            await asyncio.sleep(0.15)
            assert not asking.done()
            found.slow.may_answer.set()
            assert (await asking)[0] == 200

    asyncio.run(go())


@pytest.mark.parametrize(
    ("path", "headers", "is_large", "is_given"),
    [
        ("/people", BROWSER, True, True),
        ("/people", {"accept": "*/*", "hx-request": "true"}, True, True),
        ("/people", BROWSER, False, False),
        ("/api/people", BROWSER, True, False),
        ("/people.csv", BROWSER, True, False),
        ("/people", {"accept": "application/json"}, True, False),
    ],
)
def test_who_looks_at_a_page_of_a_large_store_is_given_answers_of_any_age_and_no_program_is(
    path: str, headers: dict[str, str], *, is_large: bool, is_given: bool
) -> None:
    seen = list[bool]()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(looking() is not None)
        await PlainTextResponse("page")(scope, receive, send)

    async def go() -> None:
        outer = Patience(app, app, wanted=lambda: is_large, seconds=30.0)
        async with httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=outer), base_url="http://127.0.0.1:8026"
        ) as client:
            await client.get(path, headers=headers)
        assert looking() is None

    asyncio.run(go())
    assert seen == [is_given]
