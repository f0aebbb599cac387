"""Granian in this process, on real sockets."""

import asyncio
import os
import socket
import threading
from collections.abc import Callable

import httpx2
import pytest
from starlette.types import Receive, Scope, Send
from tests.every import every

from mailwake.errors import Unavailable
from mailwake.serving import server


async def who(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the ids of the process and thread that answer; knows nothing of lifespan."""
    assert scope["type"] == "http"
    body = f"{os.getpid()} {threading.get_ident()}".encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


async def while_serving(act: Callable[[str], object], *, host: str = "127.0.0.1", port: int = 0) -> None:
    """Serve, act on the address in a thread, stop."""
    stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()
    async with asyncio.TaskGroup() as group:
        group.create_task(server.serve(who, host=host, port=port, ready=ready.set_result, stop=stop))
        await asyncio.to_thread(act, await ready)
        stop.set()


def test_it_answers_from_this_very_process_and_thread() -> None:
    answers: list[str] = []
    asyncio.run(while_serving(lambda url: answers.append(httpx2.get(url).text)))
    assert answers == [f"{os.getpid()} {threading.get_ident()}"]


def test_it_answers_as_soon_as_it_says_where() -> None:
    codes: list[int] = []
    asyncio.run(while_serving(lambda url: codes.extend(httpx2.get(url).status_code for _ in range(20))))
    assert codes == [200] * 20


def test_it_lets_go_of_its_port() -> None:
    urls: list[str] = []
    asyncio.run(while_serving(urls.append))
    port = int(urls[0].rpartition(":")[2])
    assert server.free_port("127.0.0.1", port) == port


def test_a_port_that_is_taken_is_refused_and_the_option_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(Unavailable, match=r"web\.port"):
            server.free_port("127.0.0.1", port)


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(Unavailable, match=r"cannot listen on 192\.0\.2\.7"):
        server.free_port("192.0.2.7", 0)


@every(
    ("host", "text"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),
        ("::", "http://[::1]:80"),
        ("::1", "http://[::1]:80"),
        ("dash.example.com", "http://dash.example.com:80"),
    ],
)
def test_an_address_is_told_as_a_browser_here_takes_it(host: str, text: str) -> None:
    assert server.url(host, 80) == text
