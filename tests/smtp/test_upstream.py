"""One transaction at a time with the next server, on real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mailwake.errors import Misconfigured
from mailwake.smtp.upstream import Gone, Pool, Reply, Upstream

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
        pool = Pool(replace(settings, smtp=replace(settings.smtp, timeout_seconds=0.01)))
        for _ in range(pool.smtp.connections):
            await pool.take()
        with pytest.raises(Gone, match="busy"):
            await pool.take()

    asyncio.run(go())


def test_a_user_without_a_password_does_not_start(home: Home) -> None:
    with pytest.raises(Misconfigured, match=r"smtp\.password"):
        Pool(home.settings('user = "me"'))


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
