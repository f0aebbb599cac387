"""A plan is played over real HTTP, in order, with the crowd's own clock; what was done is written down."""

import asyncio
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import cast

from mailwake.simulate.acts import Act, Action, Doer, Visitor
from mailwake.simulate.crowd import WINDOW_MICROS, Copies, Crowd, Planned
from mailwake.simulate.sink import Notices
from mailwake.simulate.truth import Deeds

VISITOR = Visitor("73.32.1.2", b"User-Agent: Test\r\n")
PAGE = b'<form method="post"><input type="hidden" name="nonce" value="n.0nce"></form>'
HOUR = 3_600_000_000


def planned(at: int, act: Act = Act.OPEN, *, copy: int = 0, url: str = "/o/x", method: str = "GET") -> Planned:
    action = Action(after_seconds=0.0, act=act, doer=Doer.PERSON, agent="test", url=url, method=method, visitor=VISITOR)
    return Planned(at=at, action=action, copy=copy)


def play(plan: Sequence[Planned], copies: int = 1, connections: int = 8) -> tuple[list[bytes], list[Deeds]]:
    """Play against a server that answers everything; gives the requests as they came, and the deeds."""
    seen: list[bytes] = []
    tasks: list[asyncio.Task[None]] = []
    deeds = [Deeds(campaign="News", address=f"{n}@example.com") for n in range(copies)]

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.append(cast("asyncio.Task[None]", asyncio.current_task()))
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"Content-Length: (\d+)", head)
                seen.append(head + (await reader.readexactly(int(length[1])) if length else b""))
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(PAGE) + PAGE)
        except asyncio.IncompleteReadError:
            writer.close()
            await writer.wait_closed()

    async def run() -> None:
        server = await asyncio.start_server(connected, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        crowd = Crowd(tracking_url=url, notices=Notices(host="127.0.0.1", port=9), connections=connections)
        made = Copies(deeds=deeds, headers=lambda _: (b"", ""))
        steps = [with_base(step, url) for step in plan]
        await crowd.play(steps, made, told=lambda: None)
        server.close()
        await asyncio.gather(*tasks)

    asyncio.run(run())
    return seen, deeds


def with_base(step: Planned, url: str) -> Planned:
    action = step.action
    moved = Action(
        after_seconds=0.0,
        act=action.act,
        doer=action.doer,
        agent=action.agent,
        url=url + action.url,
        method=action.method,
        visitor=action.visitor,
    )
    return Planned(at=step.at, action=moved, copy=step.copy)


def clocks(seen: list[bytes]) -> list[int]:
    return [int(found[1]) for head in seen if (found := re.search(rb"X-Mailwake-Clock: (\d+)", head))]


def test_a_request_carries_its_own_time_and_address() -> None:
    (head,), _ = play([planned(1_790_000_000_000_000, url="/c/m/l?x=1", act=Act.CLICK)])
    assert head.startswith(b"GET /c/m/l?x=1 HTTP/1.1\r\nHost: 127.0.0.1:")
    assert b"\r\nUser-Agent: Test\r\nX-Forwarded-For: 73.32.1.2\r\nX-Mailwake-Clock: 1790000000000000\r\n" in head


def test_acts_on_one_copy_keep_their_order() -> None:
    seen, _ = play([planned(at) for at in range(200)])
    assert clocks(seen) == list(range(200))


def test_nothing_overtakes_what_is_hours_older() -> None:
    seen, _ = play([planned(at * HOUR, copy=at) for at in range(400)], copies=400)
    times = clocks(seen)
    assert len(times) == 400
    assert all(later > earlier - WINDOW_MICROS for earlier, later in pairwise(times))


def test_the_button_sends_the_nonce_of_the_page() -> None:
    seen, (deeds,) = play([planned(1, act=Act.BUTTON, url="/u/x")])
    assert seen[0].startswith(b"GET /u/x ")
    assert seen[1].startswith(b"POST /u/x ")
    assert seen[1].endswith(b"\r\n\r\nnonce=n.0nce&choice=unsubscribe")
    assert deeds.unsubscribed


def test_one_click_is_what_the_rfc_says() -> None:
    """Source: RFC 8058 section 3.2."""
    (post,), (deeds,) = play([planned(1, act=Act.ONE_CLICK, url="/u/x", method="POST")])
    assert b"Content-Type: application/x-www-form-urlencoded\r\n" in post
    assert post.endswith(b"\r\n\r\nList-Unsubscribe=One-Click")
    assert deeds.unsubscribed


def test_reading_asks_for_nothing() -> None:
    seen, (deeds,) = play([planned(1, act=Act.READ, url="")])
    assert seen == []
    assert deeds.read


def test_deeds_are_kept_per_copy() -> None:
    _, deeds = play([planned(1, copy=0), planned(2, copy=1, act=Act.CLICK), planned(3, copy=1)], copies=2)
    assert [each.opens for each in deeds] == [{Doer.PERSON: 1}, {Doer.PERSON: 1}]
    assert [each.clicks for each in deeds] == [{}, {Doer.PERSON: 1}]
