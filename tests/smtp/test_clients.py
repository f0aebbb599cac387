"""The server's side on real sockets: what is read, what there is no room for, and who may keep others waiting."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.smtp import SMTP
from hypothesis import example, given
from hypothesis import strategies as st
from tests.every import every

from mailwake.smtp.clients import MAX_LINE_BYTES, Client, Clients, has_long_line

HELLO = b"EHLO x\r\nMAIL FROM:<me@example.com>\r\nRCPT TO:<you@example.com>\r\n"
Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Keeper:
    """Keeps what it gets; while it is told to, it does not answer."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def handle_DATA(self, _server: SMTP, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        self.messages.append(envelope.content)
        await self.go_on.wait()
        return "250 kept"


class LineByLine(SMTP):
    """aiosmtpd as it is."""

    line_length_limit = MAX_LINE_BYTES


class Holder(Client):
    """Holds what others may want, once it has said MAIL."""

    @property
    def holds_upstream(self) -> bool:
        return self.envelope is not None and self.envelope.mail_from is not None


def clients(most: int = 100, most_bytes: int = 10_000_000) -> Clients:
    return Clients(most=most, most_bytes=most_bytes, patience_seconds=300, crowded_seconds=10)


@dataclass
class Listening:
    """Where a server listens, and who is connected."""

    port: int
    lines: list[Line] = field(default_factory=list)

    async def connect(self) -> Line:
        line = await asyncio.open_connection("127.0.0.1", self.port)
        self.lines.append(line)
        return line

    async def greeted(self) -> Line:
        line = await self.connect()
        await line[0].readline()
        return line


@asynccontextmanager
async def listening(make: Callable[[], SMTP]) -> AsyncIterator[Listening]:
    made: list[SMTP] = []

    def client() -> SMTP:
        made.append(make())
        return made[-1]

    server = await asyncio.get_running_loop().create_server(client, "127.0.0.1", 0)
    where = Listening(server.sockets[0].getsockname()[1])
    try:
        yield where
    finally:
        server.close()
        for _, writer in where.lines:
            writer.transport.abort()
        await asyncio.gather(*(writer.wait_closed() for _, writer in where.lines), return_exceptions=True)
        await until(lambda: all(each.transport is None or each.transport.is_closing() for each in made))
        tasks = [each._handler_coroutine for each in made if each._handler_coroutine is not None]
        await asyncio.gather(*tasks, return_exceptions=True)


async def until(condition: Callable[[], object]) -> None:
    while not condition():  # noqa: ASYNC110 - what is waited for tells nobody
        await asyncio.sleep(0.005)


def ours(everybody: Clients, handler: Keeper, kind: type[Client] = Client, **more: Any) -> Callable[[], SMTP]:
    options = {"data_size_limit": 1_000_000, "enable_SMTPUTF8": True, "hostname": "here"} | more
    return lambda: kind(handler, everybody, loop=asyncio.get_running_loop(), **options)


async def say(line: Line, *words: bytes) -> bytes:
    """The last answer to each of these, sent all at once."""
    reader, writer = line
    writer.write(b"".join(words))
    answer = b""
    for _ in range(b"".join(words).count(b"\r\n")):
        while not (answer := await reader.readline()).startswith((b"2", b"3", b"4", b"5")) or answer[3:4] == b"-":
            assert answer, "the connection was closed"
    return answer


def run(work: Callable[[], Awaitable[None]]) -> None:
    async def within() -> None:
        async with asyncio.timeout(30):
            await work()

    asyncio.run(within())


async def send(line: Line, message: bytes) -> bytes:
    """The answer to the final dot, or to DATA where that was refused."""
    answer = await say(line, b"DATA\r\n")
    if not answer.startswith(b"354"):
        return answer
    line[1].write(message + b".\r\n")
    return await line[0].readline()


# ---- what is read

PIECES = (b"\r\n", b"\r\n", b".", b"..", b"\r", b"\n", b"a", b"word " * 9, b"\r\n.\r", b"\r\n.", b"\n.\n", b"\xff\x00")


async def dialogue(where: Listening, sent: bytes, dice: random.Random) -> bytes:
    """Everything that was answered to bytes that came in pieces of any size."""
    reader, writer = await where.connect()
    while sent:
        size = dice.choice((1, 3, 50, 70_000))
        writer.write(sent[:size])
        sent = sent[size:]
        await asyncio.sleep(0)
    return await reader.read()


def test_messages_are_read_byte_for_byte_as_aiosmtpd_reads_them_line_by_line() -> None:
    async def go() -> None:
        here, there = Keeper(), Keeper()
        loop = asyncio.get_running_loop()
        options: dict[str, Any] = {"data_size_limit": 1_000_000, "enable_SMTPUTF8": True, "hostname": "here"}
        async with (
            listening(ours(clients(), here)) as first,
            listening(lambda: LineByLine(there, loop=loop, **options)) as tfirst,
        ):
            for seed in range(100):
                dice = random.Random(seed)
                text = b"".join(dice.choices(PIECES, k=dice.choice((0, 1, 5, 60))))
                text += dice.choice((b"", b"x" * 66_000, b"long line\r\n" * 7_000))
                if b"\r\n.\r\n" in b"\r\n" + text + b"\r\n":
                    continue  # that is where it would end
                sent = HELLO + b"DATA\r\n" + text + b"\r\n.\r\nQUIT\r\n"
                heard = [await dialogue(port, sent, random.Random(seed)) for port in (first, tfirst)]
                assert heard[0] == heard[1], seed
        assert here.messages == there.messages
        assert len(here.messages) > 50

    run(go)


@every("text", [b"", b"\r\n", b"..\r\n", b"...two\r\n\r\n..\r\n", b"a\r\n..b\r\n"])
def test_doubled_dots_are_single_again_also_in_the_first_line(text: bytes) -> None:
    async def go() -> None:
        keeper = Keeper()
        async with listening(ours(clients(), keeper)) as where:
            line = await where.greeted()
            await say(line, HELLO)
            assert await send(line, text) == b"250 kept\r\n"
        assert keeper.messages == [text[1:].replace(b"\r\n..", b"\r\n.") if text.startswith(b".") else
                                   text.replace(b"\r\n..", b"\r\n.")]  # fmt: skip

    run(go)


def test_what_follows_the_final_dot_is_the_next_command() -> None:
    async def go() -> None:
        keeper = Keeper()
        async with listening(ours(clients(), keeper)) as where:
            line = await where.greeted()
            await say(line, HELLO, b"DATA\r\n")
            line[1].write(b"one\r\n.\r\n" + HELLO.partition(b"\r\n")[2] + b"DATA\r\n" + b"two\r\n.\r\nQUIT\r\n")
            answers = [(await line[0].readline())[:3] for _ in range(6)]
        assert answers == [b"250", b"250", b"250", b"354", b"250", b"221"]
        assert keeper.messages == [b"one\r\n", b"two\r\n"]

    run(go)


def test_a_line_as_long_as_a_page_passes_and_a_longer_one_does_not() -> None:
    async def go() -> None:
        keeper, everybody = Keeper(), clients()
        async with listening(ours(everybody, keeper, data_size_limit=5_000_000)) as where:
            line = await where.greeted()
            await say(line, HELLO)
            assert await send(line, b"y" * (MAX_LINE_BYTES - 2) + b"\r\n") == b"250 kept\r\n"
            await say(line, HELLO)
            assert (await send(line, b"y" * (MAX_LINE_BYTES - 1) + b"\r\n")).startswith(b"500 Line too long")
            assert await say(line, b"NOOP\r\n") == b"250 OK\r\n"
        assert len(keeper.messages) == 1
        assert everybody.bytes_under_way == 0

    run(go)


@given(st.lists(st.integers(0, 3 * MAX_LINE_BYTES), max_size=5))
def test_long_lines_are_found_without_looking_at_each(lengths: list[int]) -> None:
    message = b"".join(b"x" * length + b"\n" for length in lengths)
    assert has_long_line(message) == any(length + 1 > MAX_LINE_BYTES for length in lengths)


ATOM = st.text("abcXYZ019!#$%&'*+/=?^_`{|}~-.@<>() \"\\ä", max_size=12)


AFTER_IT = ["", " ", " SIZE=10 BODY=8BITMIME", " (x)", "x", " A=<", "\t", " SIZE=\N{ARABIC-INDIC DIGIT ONE}"]


@given(local=ATOM, domain=ATOM, rest=st.sampled_from(AFTER_IT))
@example(local="0", domain="0)ä", rest="")
def test_addresses_are_read_as_the_full_grammar_reads_them(local: str, domain: str, rest: str) -> None:
    loop = asyncio.new_event_loop()
    client = Client(Keeper(), clients(), loop=loop, hostname="here")
    text = f"<{local}@{domain}>{rest}"
    found, expected = client._getaddr(text), as_the_grammar_reads(client, text)
    loop.close()
    assert (found[0], (found[1] or "").split()) == (expected[0], (expected[1] or "").split())


def as_the_grammar_reads(client: Client, text: str) -> tuple[str | None, str | None]:
    """The address and what follows it; nothing where the parser falls over it or what follows is not all ASCII."""
    try:
        address, rest = SMTP._getaddr(client, text)
    except (LookupError, ValueError, AttributeError):
        return None, None
    return (address, rest) if (rest or "").isascii() else (None, None)


# ---- what there is room for


def test_a_message_above_the_limit_is_refused_and_takes_no_room() -> None:
    async def go() -> None:
        keeper, everybody = Keeper(), clients()
        async with listening(ours(everybody, keeper)) as where:
            line = await where.greeted()
            await say(line, HELLO, b"DATA\r\n")
            for _ in range(40):
                line[1].write(b"x" * 70_000 + b"\r\n")
                await line[1].drain()
                assert everybody.bytes_under_way <= 1_300_000
            line[1].write(b".\r\n")
            assert (await line[0].readline()).startswith(b"552")
            await say(line, HELLO.partition(b"\r\n")[2])
            assert await send(line, b"small\r\n") == b"250 kept\r\n"
        assert keeper.messages == [b"small\r\n"]
        assert everybody.bytes_under_way == 0

    run(go)


def test_a_message_that_there_is_no_room_for_is_put_off_before_it_is_sent_where_its_size_was_said() -> None:
    async def go() -> None:
        keeper, everybody = Keeper(), clients(most_bytes=1_000_000)
        async with listening(ours(everybody, keeper)) as where:
            first, second = await where.greeted(), await where.greeted()
            keeper.go_on.clear()
            await say(first, HELLO)
            waiting = asyncio.create_task(send(first, b"x" * 700_000 + b"\r\n"))
            await until(lambda: keeper.messages)
            sized = HELLO.replace(b"me@example.com>", b"me@example.com> SIZE=400000")
            await say(second, sized)
            assert (await send(second, b"y" * 400_000 + b"\r\n")).startswith(b"452 4.3.1 too much mail")
            await say(second, HELLO)
            assert (await send(second, b"y" * 400_000 + b"\r\n")).startswith(b"452 4.3.1 too much mail")
            assert (everybody.put_off, everybody.bytes_under_way >= 700_000) == (2, True)
            keeper.go_on.set()
            assert await waiting == b"250 kept\r\n"
            await say(second, sized)
            assert await send(second, b"y" * 400_000 + b"\r\n") == b"250 kept\r\n"
        assert [len(message) for message in keeper.messages] == [700_002, 400_002]
        assert everybody.bytes_under_way == 0

    run(go)


def test_a_client_that_leaves_half_way_gives_its_room_back() -> None:
    async def go() -> None:
        everybody = clients()
        async with listening(ours(everybody, Keeper())) as where:
            reader, writer = await where.greeted()
            await say((reader, writer), HELLO.replace(b"com>\r\nRCPT", b"com> SIZE=500000\r\nRCPT"), b"DATA\r\n")
            writer.write(b"x" * 200_000)
            await until(lambda: everybody.bytes_under_way >= 500_000)
            writer.transport.abort()
            await until(lambda: not everybody.bytes_under_way)

    run(go)


# ---- who is let in, and who keeps others waiting


def test_one_client_too_many_is_asked_to_come_back_and_let_in_when_there_is_a_place() -> None:
    async def go() -> None:
        everybody = clients(most=2)
        async with listening(ours(everybody, Keeper())) as where:
            _, second = await where.greeted(), await where.greeted()
            third, _ = await where.connect()
            assert await third.read() == b"421 4.3.2 too many connections; try again\r\n"
            second[1].close()
            await until(lambda: len(everybody) == 1)
            assert (await say(await where.greeted(), b"NOOP\r\n")) == b"250 OK\r\n"
        assert everybody.refused == 1

    run(go)


async def is_cut(line: Line) -> bool:
    try:
        async with asyncio.timeout(0.2):
            return (await line[0].readline()).startswith(b"421 4.4.2 waited")
    except TimeoutError:
        return False


def test_an_idle_client_has_minutes_and_one_that_holds_what_others_want_has_seconds() -> None:
    async def go() -> None:
        everybody, loop = clients(), asyncio.get_running_loop()
        async with listening(ours(everybody, Keeper(), Holder)) as where:
            idle, holding = await where.greeted(), await where.greeted()
            await say(holding, HELLO)
            everybody.cut_idle(loop.time() + 290, others_wait=False)
            everybody.cut_idle(loop.time() + 9, others_wait=True)
            assert not await is_cut(idle)
            assert not await is_cut(holding)
            everybody.cut_idle(loop.time() + 11, others_wait=True)
            assert await is_cut(holding)
            assert not await is_cut(idle)
            everybody.cut_idle(loop.time() + 301, others_wait=False)
            assert await is_cut(idle)
        assert everybody.cut == 2

    run(go)


def test_where_every_place_is_taken_an_idle_client_has_seconds() -> None:
    async def go() -> None:
        everybody, loop = clients(most=1), asyncio.get_running_loop()
        async with listening(ours(everybody, Keeper())) as where:
            idle = await where.greeted()
            everybody.cut_idle(loop.time() + 11, others_wait=False)
            assert await is_cut(idle)

    run(go)


def test_commands_that_bring_nothing_forward_gain_no_time() -> None:
    """Who says NOOP every nine seconds would otherwise hold a connection to the next server for ever."""

    async def go() -> None:
        everybody, loop = clients(), asyncio.get_running_loop()
        async with listening(ours(everybody, Keeper(), Holder)) as where:
            line = await where.greeted()
            await say(line, HELLO)
            (client,) = everybody
            for _ in range(2):
                client.waits_since = loop.time() - 9
                await say(line, b"NOOP\r\n")
            everybody.cut_idle(loop.time(), others_wait=True)
            assert await is_cut(line)

    run(go)


def test_a_client_that_we_keep_waiting_is_not_cut_for_it() -> None:
    async def go() -> None:
        keeper, everybody, loop = Keeper(), clients(), asyncio.get_running_loop()
        keeper.go_on.clear()
        async with listening(ours(everybody, keeper, Holder)) as where:
            line = await where.greeted()
            await say(line, HELLO)
            waiting = asyncio.create_task(send(line, b"x\r\n"))
            await until(lambda: keeper.messages)
            everybody.cut_idle(loop.time() + 100_000, others_wait=True)
            keeper.go_on.set()
            assert await waiting == b"250 kept\r\n"

    run(go)


def test_a_flood_of_pipelined_commands_lets_others_have_their_turn() -> None:
    async def go() -> None:
        async with listening(ours(clients(), Keeper())) as where:
            flood, other = await where.greeted(), await where.greeted()
            await say(flood, HELLO)
            flood[1].write(b"NOOP\r\n" * 5_000)
            await asyncio.sleep(0)
            answered = asyncio.create_task(say(other, b"NOOP\r\n"))
            drained = asyncio.create_task(flood[0].readexactly(len(b"250 OK\r\n") * 5_000))
            await asyncio.wait((answered, drained), return_when=asyncio.FIRST_COMPLETED)
            assert answered.done()
            assert not drained.done()
            await drained

    run(go)
