"""The client sends what it is given, tries again, and tells how often nobody answered."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import cast

from mailwake.simulate.wire import Connection, Reply

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
REQUEST = b"GET /o/x HTTP/1.1\r\nHost: t.example.com\r\nX-Odd:  spaces \r\n\r\n"


def ask(*handlers: Handler, request: bytes = REQUEST, times: int = 1) -> tuple[list[Reply], list[bytes]]:
    """Ask a server whose connections are handled one after the other as given; the last one goes on."""
    seen: list[bytes] = []

    async def play() -> list[Reply]:
        waiting = list(handlers)
        tasks: list[asyncio.Task[None]] = []

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            tasks.append(cast("asyncio.Task[None]", asyncio.current_task()))
            handler = waiting.pop(0) if len(waiting) > 1 else waiting[0]
            while head := await _head(reader):
                seen.append(head)
                await handler(reader, writer)
                if writer.is_closing():
                    break
            writer.close()
            await writer.wait_closed()

        server = await asyncio.start_server(connected, "127.0.0.1", 0)
        connection = Connection("127.0.0.1", server.sockets[0].getsockname()[1], patience_seconds=20)
        replies = [await connection.ask(request) for _ in range(times)]
        await connection.close()
        server.close()
        await asyncio.gather(*tasks)
        return replies

    return asyncio.run(play()), seen


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""


def answering(raw: bytes) -> Handler:
    async def handler(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)

    return handler


async def dying(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


OK = answering(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nGIF")


def test_every_byte_goes_out_as_given() -> None:
    _, seen = ask(OK)
    assert seen == [REQUEST]


def test_status_and_body_come_back() -> None:
    (reply,), _ = ask(OK)
    assert (reply.status, reply.body, reply.unanswered) == (200, b"GIF", 0)


def test_a_connection_is_used_again() -> None:
    replies, _ = ask(OK, dying, times=3)
    assert [(reply.status, reply.unanswered) for reply in replies] == [(200, 0)] * 3


def test_an_answer_to_head_has_no_body() -> None:
    head = answering(b"HTTP/1.1 302 Found\r\nContent-Length: 500\r\nLocation: https://example.com/\r\n\r\n")
    (reply,), _ = ask(head, request=REQUEST.replace(b"GET", b"HEAD"))
    assert (reply.status, reply.body) == (302, b"")


def test_a_request_that_was_cut_off_is_sent_again_and_counted() -> None:
    (reply,), seen = ask(dying, dying, OK)
    assert (reply.status, reply.unanswered) == (200, 2)
    assert len(seen) == 3


def test_try_later_is_tried_later_and_counts_as_answered() -> None:
    busy = True

    async def handler(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal busy
        writer.write(b"HTTP/1.1 %d x\r\nContent-Length: 0\r\n\r\n" % (503 if busy else 200))
        busy = False

    (reply,), _ = ask(handler)
    assert (reply.status, reply.unanswered) == (200, 0)


def test_patience_ends() -> None:
    async def nobody() -> Reply:
        server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        server.close()
        return await Connection("127.0.0.1", port, patience_seconds=0.05).ask(REQUEST)

    assert asyncio.run(nobody()) == Reply(status=None)
