"""One transaction at a time with the next server, on real sockets."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailwake.errors import Misconfigured
from mailwake.smtp.upstream import Gone, Pool, Reply, Upstream, stuffed

if TYPE_CHECKING:
    from tests.conftest import Home, Mail, MakeSink, Sink

MESSAGE = b"Subject: hello\r\n\r\n.dot\r\n..two\r\nend\r\n"


async def nothing() -> None:
    pass


def with_connection(home: Home, work: Callable[[Upstream], Awaitable[Reply]]) -> Reply:
    async def go() -> Reply:
        pool = Pool(home.settings())
        upstream = await pool.take()
        try:
            return await work(upstream)
        finally:
            pool.give(upstream)
            await pool.close()

    return asyncio.run(go())


async def send(upstream: Upstream, message: bytes = MESSAGE) -> Reply:
    assert (await upstream.mail("me@example.com")).accepted
    assert (await upstream.rcpt("you@example.com")).accepted
    return await upstream.data(message, before_dot=nothing)


def test_every_byte_arrives_also_lines_that_begin_with_dots(home: Home, sink: Sink) -> None:
    assert with_connection(home, send) == (250, "2.0.0 kept as number 1")
    assert sink.mails[0].content == MESSAGE


def test_a_message_without_a_last_line_end_gets_one(home: Home, sink: Sink) -> None:
    with_connection(home, lambda upstream: send(upstream, b"Subject: x\r\n\r\nend"))
    assert sink.mails[0].content == b"Subject: x\r\n\r\nend\r\n"


def test_a_nul_and_eight_bit_bytes_pass(home: Home, sink: Sink) -> None:
    message = b"Subject: x\r\n\r\n\x00\xff\xfe\r\n"
    with_connection(home, lambda upstream: send(upstream, message))
    assert sink.mails[0].content == message


def test_what_must_be_durable_is_so_before_the_server_has_the_message(home: Home, sink: Sink) -> None:
    seen: list[int] = []

    async def note() -> None:
        await asyncio.sleep(0)
        seen.append(len(sink.mails))

    async def work(upstream: Upstream) -> Reply:
        await upstream.mail("me@example.com")
        await upstream.rcpt("you@example.com")
        return await upstream.data(MESSAGE, before_dot=note)

    with_connection(home, work)
    assert seen == [0]
    assert len(sink.mails) == 1


def test_the_server_has_no_message_when_it_could_not_be_made_durable(home: Home, sink: Sink) -> None:
    async def fail() -> None:
        raise ValueError("no disk")

    async def work(upstream: Upstream) -> Reply:
        await upstream.mail("me@example.com")
        await upstream.rcpt("you@example.com")
        with pytest.raises(ValueError, match="no disk"):
            await upstream.data(MESSAGE, before_dot=fail)
        assert not upstream.connected
        return await send(upstream, b"Subject: second\r\n\r\n")

    with_connection(home, work)
    assert [mail.content for mail in sink.mails] == [b"Subject: second\r\n\r\n"]


def test_a_connection_lost_after_the_final_dot_says_so(home: Home, sink: Sink) -> None:
    sink.on_data = lambda _: "cut"

    async def work(upstream: Upstream) -> Reply:
        with pytest.raises(Gone) as caught:
            await send(upstream)
        assert caught.value.after_dot
        return caught.value.reply

    assert with_connection(home, work).code == 451


def test_a_server_that_is_not_there_is_gone_before_the_dot(home: Home, sink: Sink) -> None:
    sink.port = 1

    async def work(upstream: Upstream) -> Reply:
        with pytest.raises(Gone, match=r"cannot be reached|not let us in") as caught:
            await upstream.mail("me@example.com")
        assert not caught.value.after_dot
        return caught.value.reply

    assert with_connection(home, work).temporary


def test_a_connection_that_died_while_idle_is_opened_again(home: Home, sink: Sink) -> None:
    answers: list[str | None] = [None, "421 4.3.2 going down", None]
    sink.on_mail = lambda _: answers.pop(0)

    async def work(upstream: Upstream) -> Reply:
        await send(upstream)
        return await send(upstream)

    assert with_connection(home, work).accepted
    assert len(sink.mails) == 2


def test_a_transaction_left_half_way_does_not_leak_into_the_next(home: Home, sink: Sink) -> None:
    async def work(upstream: Upstream) -> Reply:
        await upstream.mail("first@example.com")
        await upstream.rcpt("other@example.com")
        return await send(upstream)

    with_connection(home, work)
    assert sink.mails[0].sender == "me@example.com"
    assert sink.mails[0].recipients == ("you@example.com",)


def test_an_address_with_a_line_break_never_reaches_the_wire(home: Home, sink: Sink) -> None:
    async def work(upstream: Upstream) -> Reply:
        await upstream.mail("me@example.com")
        return await upstream.rcpt("you@example.com>\r\nRCPT TO:<victim@example.com")

    assert with_connection(home, work).code == 501
    assert sink.commands == ["MAIL me@example.com"]


def test_options_that_the_server_does_not_know_stay_at_home(home: Home, sink: Sink) -> None:
    async def work(upstream: Upstream) -> Reply:
        return await upstream.mail("me@example.com", ("BODY=8BITMIME", "FANTASY=1", "SIZE=10"))

    assert with_connection(home, work).accepted


def test_the_answer_keeps_the_servers_words_and_lines(home: Home, sink: Sink) -> None:
    sink.on_data = lambda _: "550-5.7.1 no\r\n550 5.7.1 really not"
    reply = with_connection(home, send)
    assert reply == (550, "5.7.1 no\n5.7.1 really not")
    assert reply.wire == "550-5.7.1 no\r\n550 5.7.1 really not"
    assert str(reply) == "550 5.7.1 no 5.7.1 really not"


def test_no_more_connections_than_allowed_and_all_are_used_again(home: Home, sink: Sink) -> None:
    async def one(pool: Pool) -> None:
        upstream = await pool.take()
        await send(upstream)
        pool.give(upstream)

    async def go() -> None:
        pool = Pool(home.settings())
        await asyncio.gather(*(one(pool) for _ in range(20)))
        await pool.close()

    asyncio.run(go())
    assert len(sink.mails) == 20
    assert sink.connections <= 3


def test_who_waits_too_long_for_a_connection_is_asked_to_come_again(home: Home) -> None:
    async def go() -> None:
        settings = home.settings()
        pool = Pool(replace(settings, smtp=replace(settings.smtp, wait_seconds=0.01)))
        for _ in range(pool.smtp.connections):
            await pool.take()
        with pytest.raises(Gone, match="busy"):
            await pool.take()

    asyncio.run(go())


def test_a_user_without_a_password_does_not_start(home: Home) -> None:
    with pytest.raises(Misconfigured, match=r"smtp\.password"):
        Pool(home.settings('user = "me"'))


@given(
    pieces=st.lists(st.sampled_from([b"\r\n", b".", b"..", b"word", b"x" * 9]), max_size=30),
    chunk_bytes=st.integers(2, 12),
)
def test_dots_are_doubled_wherever_chunks_end(pieces: list[bytes], chunk_bytes: int) -> None:
    message = b"".join(pieces)
    assert b"".join(stuffed(message, chunk_bytes)) == re.sub(rb"(?:\A|(?<=\r\n))\.", b"..", message)


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def scripted(home: Home, serve: Serve, *, timeout_seconds: float = 5.0) -> AsyncIterator[Upstream]:
    """A connection to a server that does what it was told."""
    writers: list[asyncio.StreamWriter] = []

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        await serve(reader, writer)

    server = await asyncio.start_server(client, "127.0.0.1", 0)
    home.sink.port = server.sockets[0].getsockname()[1]
    settings = home.settings()
    upstream = await Pool(replace(settings, smtp=replace(settings.smtp, timeout_seconds=timeout_seconds))).take()
    try:
        yield upstream
    finally:
        upstream.cut()
        server.close()
        for writer in writers:
            writer.transport.abort()
        await asyncio.gather(*(writer.wait_closed() for writer in writers), return_exceptions=True)


async def until_data(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say yes to everything up to DATA."""
    writer.write(b"220 slow\r\n")
    while not (await reader.readline()).startswith(b"DATA"):
        writer.write(b"250 yes\r\n")
    writer.write(b"354 go on\r\n")


LARGE = b"Subject: x\r\n\r\n" + b"y" * 28_000_000 + b"\r\n"


def test_a_message_is_written_no_faster_than_the_server_takes_it(home: Home) -> None:
    """A slow server must not fill the memory: what it has not taken yet stays in the message, which is held once."""

    async def go() -> Reply:
        stalled, go_on = asyncio.Event(), asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await until_data(reader, writer)
            stalled.set()
            await go_on.wait()
            tail = b""
            while not tail.endswith(b"\r\n.\r\n"):
                tail = tail[-5:] + await reader.read(1 << 20)
            writer.write(b"250 got it\r\n")

        async with scripted(home, serve) as upstream:
            sending = asyncio.create_task(send(upstream, LARGE))
            await stalled.wait()
            await asyncio.sleep(0.2)
            transport: Any = upstream._client.transport
            assert transport.get_write_buffer_size() < 600_000
            go_on.set()
            return await sending

    assert asyncio.run(go()).accepted


def test_a_server_that_takes_no_more_of_a_message_is_gone_before_the_dot(home: Home) -> None:
    async def go() -> None:
        never = asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await until_data(reader, writer)
            await never.wait()

        async with scripted(home, serve, timeout_seconds=0.3) as upstream:
            with pytest.raises(Gone, match="takes no more") as caught:
                await send(upstream, LARGE)
            assert not caught.value.after_dot

    asyncio.run(go())


def test_an_answer_that_nobody_waited_for_is_not_taken_for_that_to_the_next_command(home: Home, sink: Sink) -> None:
    """Else every answer from then on would be that to the command before, and a refusal would look like a delivery."""
    asked, answered = threading.Event(), threading.Event()

    def slowly(address: str) -> str | None:
        if address == "slow@example.com":
            asked.set()
            assert answered.wait(10)
        return None

    sink.on_rcpt = slowly
    sink.on_data = lambda _: "550 5.7.1 no"

    async def work(upstream: Upstream) -> Reply:
        await upstream.mail("me@example.com")
        waiting = asyncio.create_task(upstream.rcpt("slow@example.com"))
        await asyncio.to_thread(asked.wait, 10)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert not upstream.connected
        answered.set()
        return await send(upstream)

    assert with_connection(home, work).code == 550


def test_an_answer_in_no_known_charset_and_with_controls_in_it_can_be_passed_on(home: Home) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 old\r\n")
        await reader.readline()
        writer.write(b"250 old\r\n")
        await reader.readline()
        writer.write(b"550 5.1.8 ung\xfcltig\r250 2.0.0 injected\x1b[2J\r\n")

    async def go() -> Reply:
        async with scripted(home, serve) as upstream:
            return await upstream.mail("me@example.com")

    reply = asyncio.run(go())
    assert reply == (550, "5.1.8 ung\ufffdltig 250 2.0.0 injected [2J")
    assert reply.wire.encode()


def a_server(*answers: bytes) -> Serve:
    """Says these to each command in turn; DATA counts once, and the message once more."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 odd\r\n")
        is_text = False
        for answer in (b"250 odd\r\n", *answers):
            while (line := await reader.readline()) != b".\r\n" and is_text and line:
                pass
            writer.write(answer)
            is_text = answer.startswith(b"3")

    return serve


OK, GO = b"250 2.0.0 ok\r\n", b"354 go\r\n"


@pytest.mark.parametrize(
    "answers",
    [
        (OK, OK, OK),
        (OK + OK, OK, GO, OK),
        (OK, OK + OK, GO, OK),
        (OK, OK, GO + OK, OK),
        (b"354 go\r\n", OK, GO, OK),
        (OK, b"199 well\r\n", GO, OK),
        (OK, OK, b"199 well\r\n", OK),
        (b"000 well\r\n",),
        (b"999 well\r\n",),
    ],
)
def test_an_answer_that_does_not_fit_is_never_taken_for_a_delivery(home: Home, answers: tuple[bytes, ...]) -> None:
    async def go() -> None:
        async with scripted(home, a_server(*answers)) as upstream:
            with pytest.raises(Gone) as caught:
                await send(upstream)
            assert not caught.value.after_dot
            assert not upstream.connected

    asyncio.run(go())


@pytest.mark.parametrize("last", [b"354 well\r\n", b"100 well\r\n", b"999 well\r\n"])
def test_an_odd_answer_to_a_message_is_neither_a_delivery_nor_a_refusal(home: Home, last: bytes) -> None:
    async def go() -> None:
        async with scripted(home, a_server(OK, OK, GO, last)) as upstream:
            with pytest.raises(Gone) as caught:
                await send(upstream)
            assert caught.value.after_dot

    asyncio.run(go())


def test_a_server_that_says_goodbye_behind_its_answer_has_the_message(home: Home) -> None:
    async def go() -> None:
        async with scripted(home, a_server(OK, OK, GO, OK + b"421 4.4.2 idle\r\n")) as upstream:
            assert (await send(upstream)).accepted
            assert not upstream.connected

    asyncio.run(go())


def test_what_a_server_says_instead_of_a_greeting_can_be_told_and_kept(home: Home) -> None:
    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"554 5.3.2 gesch\xfctzt\x1b[31m\r\n")

    async def go() -> Reply:
        async with scripted(home, serve) as upstream:
            with pytest.raises(Gone) as caught:
                await upstream.mail("me@example.com")
            return caught.value.reply

    assert "554 5.3.2 gesch\ufffdtzt [31m" in asyncio.run(go()).wire


def test_who_waits_for_a_connection_gets_it_in_the_order_of_asking(home: Home) -> None:
    async def one(pool: Pool, number: int, order: list[int]) -> None:
        upstream = await pool.take()
        order.append(number)
        await asyncio.sleep(0)
        pool.give(upstream)

    async def go() -> list[int]:
        pool, order = Pool(home.settings(), connections=1), list[int]()
        held = await pool.take()
        asking = [asyncio.create_task(one(pool, number, order)) for number in range(10)]
        await asyncio.sleep(0)
        assert (pool.waiting, pool.connections) == (10, 0)
        pool.give(held)
        await asyncio.gather(*asking)
        assert pool.waiting == 0
        return order

    assert asyncio.run(go()) == list(range(10))


def test_large_messages_arrive_whole(home: Home, sink: Sink) -> None:
    message = b"Subject: large\r\n\r\n" + (b"." * 76 + b"\r\n") * 40_000

    def small(mail: Mail) -> None:
        assert mail.content == message

    sink.on_data = small
    assert with_connection(home, lambda upstream: send(upstream, message)).accepted


def test_a_server_with_tls_that_nobody_vouches_for_gets_nothing(home: Home, make_sink: MakeSink) -> None:
    home.sink = make_sink()

    async def go() -> None:
        pool = Pool(home.settings('security = "starttls"'))
        upstream = await pool.take()
        with pytest.raises(Gone, match="does not let us in"):
            await upstream.mail("me@example.com")
        await pool.close()

    asyncio.run(go())
