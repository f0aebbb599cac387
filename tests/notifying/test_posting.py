"""A URL that somebody wrote down reaches the open internet or nothing, and no server can hold us."""

import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from tests.every import every

from mailwake.errors import Unavailable
from mailwake.notifying import posting
from mailwake.notifying.posting import post
from mailwake.visiting.addresses import is_public

Serve = Callable[[bytes, float], int]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """A server that sends what it is told, byte by byte with pauses; the requests it got stand in `seen`."""
    sockets: list[socket.socket] = []

    def start(answer: bytes, pause: float) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        sockets.append(listener)

        def run() -> None:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with client:
                got = b""
                while not got.endswith(b"{}") and (part := client.recv(65_536)):
                    got += part  # what is left unread when it closes would reset the connection
                try:
                    for at in range(0, len(answer), 1 if pause else 65_536):
                        client.sendall(answer[at : at + (1 if pause else 65_536)])
                        time.sleep(pause)
                except OSError:
                    return

        threading.Thread(target=run, daemon=True).start()
        return int(listener.getsockname()[1])

    yield start
    for each in sockets:
        each.close()


@every(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "::1", "::",
        "fe80::1", "fe80::1%eth0", "fd00::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "2002:7f00:1::",
        "64:ff9b::7f00:1", "224.0.0.1", "ff02::1", "255.255.255.255", "240.0.0.1",
    ],
)  # fmt: skip
def test_no_address_within_is_called(address: str) -> None:
    assert not is_public(address)
    with pytest.raises(Unavailable, match="no public address"):
        post("https://inner.example/x", {}, b"{}", lookup=lambda *_: [address])


def test_open_addresses_are_called() -> None:
    assert is_public("8.8.8.8")
    assert is_public("2001:4860:4860::8888")


def test_the_name_is_looked_up_once_and_the_request_names_it(serve: Serve) -> None:
    port = serve(b"HTTP/1.1 204 No Content\r\n\r\n", 0)
    asked = []

    def lookup(host: str, at: int) -> list[str]:
        asked.append((host, at))
        return ["127.0.0.1"] if len(asked) == 1 else ["169.254.169.254"]

    assert post(f"http://rebind.example:{port}/a?b=1", {}, b"{}", allow_private=True, lookup=lookup).is_taken
    assert asked == [("rebind.example", port)]


def test_a_redirect_is_an_answer_and_not_followed(serve: Serve) -> None:
    port = serve(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", 0)
    answer = post(f"http://127.0.0.1:{port}/", {}, b"{}", allow_private=True)
    assert answer.status == 302
    assert not answer.is_taken


def test_an_endless_answer_costs_little_and_a_drip_is_cut(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    port = serve(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n" + b"x" * 300_000, 0)
    assert post(f"http://127.0.0.1:{port}/", {}, b"{}", allow_private=True).is_taken
    monkeypatch.setattr(posting, "TIMEOUT_SECONDS", 0.4)
    port = serve(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 1_000_000, 0.02)  # for five hours, if nobody cuts it
    with pytest.raises(Unavailable, match="does not answer"):
        post(f"http://127.0.0.1:{port}/", {}, b"{}", allow_private=True)


@pytest.mark.parametrize(
    "answer",
    [
        b"", b"nonsense\r\n\r\n", b"HTTP/1.1 999999 x\r\n\r\n", b"HTTP/1.1 200 OK\r\n" * 300,
        b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 204 No Content\r\nX: y\r\n", b"HTTP/1.1 200 OK\r\nX: y\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", b"HTTP/1.1 200 OK", b"HTTP/1.1 100 Continue\r\n\r\n",
    ],
)  # fmt: skip
def test_what_is_no_answer_is_none(serve: Serve, answer: bytes) -> None:
    port = serve(answer, 0)
    with pytest.raises(Unavailable):
        post(f"http://127.0.0.1:{port}/", {}, b"{}", allow_private=True)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\n\n", b"HTTP/1.1 204 No Content\r\nX: y\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    ],
)  # fmt: skip
def test_a_whole_head_is_an_answer(serve: Serve, answer: bytes) -> None:
    assert post(f"http://127.0.0.1:{serve(answer, 0)}/", {}, b"{}", allow_private=True).is_taken


def test_retry_after_is_heard_within_reason(serve: Serve) -> None:
    port = serve(b"HTTP/1.1 503 x\r\nRetry-After: 999999\r\nContent-Length: 0\r\n\r\n", 0)
    assert post(f"http://127.0.0.1:{port}/", {}, b"{}", allow_private=True).retry_after == 86_400
