"""The endpoint: logged before it is answered, and what strangers try with it."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import pytest
from tests.every import every
from tests.ingest.notices import TOKEN, url
from tests.webhooks.calls import NOW, SIGNED, URL, bounce, call, mandrill, reader, secrets, sns

from mailwake.copies import Copies
from mailwake.errors import Unavailable
from mailwake.eventlog import Done, End
from mailwake.events import SECOND, Event, EventType, Micros, Note, Source, decode_event
from mailwake.guesses import MOST_WRONG as MOST
from mailwake.modes import Mode, Modes
from mailwake.tokens import MessageToken
from mailwake.webhooks import server
from mailwake.webhooks.call import MAX_EVENTS, Call, Refused
from mailwake.webhooks.reporting import Hook, Reading
from mailwake.webhooks.server import Receiver


@dataclass
class Log:
    """A writer that keeps segments in memory."""

    segments: list[Sequence[bytes]] = field(default_factory=list)
    #: the sequence beside it, which tells no time of day
    days: Log = field(init=False)
    away: bool = False
    writer: str = "webhooks"
    waiting: int = 0

    def append(self, records: Sequence[bytes], done: Done) -> None:
        self.segments.append(records)
        done(None)

    async def write(self, records: Sequence[bytes]) -> None:
        await asyncio.sleep(0)
        if self.away:
            raise Unavailable("the disk is full")
        self.segments.append(records)

    async def close(self) -> None:
        pass

    def __post_init__(self) -> None:
        if self.writer == "webhooks":
            self.days = Log(writer="webhooks-days")

    @property
    def end(self) -> End:
        return End(len(self.segments), 0)

    def events(self) -> list[Event]:
        return [decode_event(record) for segment in self.segments for record in segment]


def receiver(*esps: str, log: Log | None = None, proxies: tuple[str, ...] = ()) -> tuple[Receiver, Log]:
    kept = log or Log()
    hooks = [Hook(esp=esp, name="main", url=URL, secrets=secrets(esp)) for esp in esps]
    return Receiver(hooks, Copies(reader()), kept, days=kept.days, clock=lambda: NOW, proxies=proxies), kept


def post(
    app: Receiver,
    path: str,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    *,
    method: str = "POST",
    parts: int = 1,
    told: str | None = None,
    client: str = "192.0.2.1",
) -> int:
    """The status of the answer to one request."""
    status: list[int] = []
    size = max(1, -(-len(body) // parts))
    chunks = [body[at : at + size] for at in range(0, len(body), size)] or [b""]
    waiting = [{"type": "http.request", "body": each, "more_body": True} for each in chunks]
    waiting[-1]["more_body"] = False

    async def receive() -> Any:
        return waiting.pop(0)

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            status.append(message["status"])

    sent = {"content-length": str(len(body)) if told is None else told, **(headers or {})}
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "client": (client, 1),
        "headers": [(name.encode(), value.encode("latin-1", "replace")) for name, value in sent.items()],
    }
    asyncio.run(app(scope, receive, send))
    return status[0]


def deliver(app: Receiver, esp: str, made: Call | None = None, **more: Any) -> int:
    made = made or SIGNED[esp](bounce(esp), NOW)
    return post(app, f"/webhooks/{esp}/main", made.body, dict(made.headers), **more)


@every("esp", sorted(SIGNED))
def test_the_body_and_its_events_are_one_segment_before_the_answer(esp: str) -> None:
    app, log = receiver(esp)
    made = SIGNED[esp](bounce(esp), NOW)
    assert deliver(app, esp, made) == 200
    assert len(log.segments) == 1
    raw, told = log.events()
    assert (raw.note, raw.type, raw.source, raw.reason) == (Note.WEBHOOK, EventType.UNKNOWN, Source.ESP, esp)
    assert raw.raw == made.body
    assert (told.source, told.raw, told.address) == (Source.ESP, b"", "ann@example.com")


def test_no_password_and_no_token_gets_into_the_log() -> None:
    app, log = receiver("postmark")
    made = SIGNED["postmark"](bounce("postmark"), NOW)
    post(app, "/webhooks/postmark/main", made.body, {**made.headers, "cookie": "c00kie", "x-mailwake-token": "t0ken"})
    text = b"".join(log.segments[0])
    assert made.headers["authorization"].encode() not in text
    assert b"c00kie" not in text
    assert b"t0ken" not in text


@every("esp", sorted(SIGNED))
def test_a_token_of_ours_names_the_copy_and_then_no_address_is_kept(esp: str) -> None:
    app, log = receiver(esp)
    assert deliver(app, esp, SIGNED[esp](bounce(esp, haystack=url()), NOW)) == 200
    told = log.events()[1]
    assert (told.delivery, told.recipient, told.template) == (TOKEN.delivery, TOKEN.recipient, TOKEN.template)
    assert told.address == ""
    assert told.modes == TOKEN.modes.to_byte()


def test_a_token_of_anothers_host_or_with_a_scratch_names_nobody() -> None:
    app, log = receiver("sendgrid")
    for text in (url(host="evil.example"), url()[:-3] + "AAA"):
        deliver(app, "sendgrid", SIGNED["sendgrid"](bounce("sendgrid", haystack=text), NOW))
    assert [event.delivery for event in log.events()] == [None] * 4


def test_the_key_is_the_same_for_a_second_delivery_and_another_for_another_account() -> None:
    app, log = receiver("sendgrid")
    deliver(app, "sendgrid")
    deliver(app, "sendgrid", SIGNED["sendgrid"](bounce("sendgrid"), NOW - 60_000_000))
    other = Receiver(
        [Hook(esp="sendgrid", name="two", secrets=secrets("sendgrid"))],
        Copies(reader()),
        log,
        days=log.days,
        clock=lambda: NOW,
    )
    made = SIGNED["sendgrid"](bounce("sendgrid"), NOW)
    assert post(other, "/webhooks/sendgrid/two", made.body, dict(made.headers)) == 200
    keys = [event.key for event in log.events() if event.note is Note.NONE]
    assert keys[0] == keys[1] != keys[2]


def test_an_open_tells_what_the_esp_tells_and_no_more() -> None:
    app, log = receiver("sendgrid")
    body = [{"event": "open", "sg_event_id": "o", "ip": "203.0.113.9", "useragent": "Agent/1", "mailwake": url()}]
    deliver(app, "sendgrid", SIGNED["sendgrid"](body, NOW))
    request = log.events()[1].request
    assert request is not None
    assert (request.peer, request.headers, request.told) == (
        "203.0.113.9",
        ((b"User-Agent", b"Agent/1"),),
        ("user-agent",),
    )


def test_an_address_that_is_none_is_left_out() -> None:
    app, log = receiver("sendgrid")
    deliver(app, "sendgrid", SIGNED["sendgrid"]([{"event": "open", "ip": "10.1.333", "mailwake": url()}], NOW))
    request = log.events()[1].request
    assert request is not None
    assert (request.peer, request.headers, request.told) == ("", (), ())


def test_what_proved_itself_and_cannot_be_read_is_kept_and_answered() -> None:
    app, log = receiver("mailersend")
    assert deliver(app, "mailersend", SIGNED["mailersend"]({"type": "inbound.message"}, NOW)) == 200
    (raw,) = log.events()
    assert "inbound mail" in raw.cause
    assert app.counts.unreadable == 1


@every("esp", sorted(SIGNED))
def test_a_forgery_is_refused_and_not_logged(esp: str) -> None:
    app, log = receiver(esp)
    assert deliver(app, esp, call(bounce(esp))) == 401
    assert log.segments == []
    assert (app.counts.refused, app.counts.calls) == (1, 0)


@pytest.mark.parametrize("esp", sorted(SIGNED))
def test_who_tries_secrets_is_not_heard_for_a_minute_and_everybody_else_is(
    esp: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AT-48."""
    now = [NOW]
    hook = Hook(esp=esp, name="main", url=URL, secrets=secrets(esp))
    app = Receiver([hook], Copies(reader()), Log(), days=Log(), clock=lambda: now[0])
    monkeypatch.setattr(server, "verify_and_read", wrong_secret)
    assert [deliver(app, esp) for _ in range(MOST)] == [401] * MOST
    assert deliver(app, esp) == 429
    monkeypatch.undo()
    assert deliver(app, esp) == 429  # right or wrong: whoever guesses learns nothing
    assert deliver(app, esp, client="192.0.2.2") == 200
    now[0] = Micros(NOW + 61 * SECOND)
    assert deliver(app, esp) == 200
    assert app.counts.refused == MOST + 2


def wrong_secret(_hook: Hook, _call: Call) -> Reading:
    raise Refused("signature", "the signature is wrong")


def test_a_call_without_any_secret_is_how_some_begin_and_no_guess() -> None:
    app, _ = receiver("postmark")
    assert [deliver(app, "postmark", call(bounce("postmark"))) for _ in range(3 * MOST)] == [401] * 3 * MOST
    assert deliver(app, "postmark") == 200


def test_a_compressed_body_is_never_unpacked() -> None:
    """AT-51: what it would become stays what it is, some bytes that cannot be read."""
    app, log = receiver("sparkpost")
    made = SIGNED["sparkpost"](gzip.compress(b"0" * 20_000_000), NOW)
    assert deliver(app, "sparkpost", replace(made, headers={**made.headers, "content-encoding": "gzip"})) == 200
    assert (app.counts.unreadable, len(log.segments[0])) == (1, 1)
    assert sum(map(len, log.segments[0])) < 30_000


@every("esp", sorted(SIGNED))
def test_while_the_log_is_away_nobody_is_told_that_it_was_kept(esp: str) -> None:
    app, _ = receiver(esp, log=Log(away=True))
    assert deliver(app, esp) == 503
    assert (app.counts.put_off, app.counts.calls, app.counts.events) == (1, 0, 0)


def test_a_certificate_that_cannot_be_had_is_no_forgery() -> None:
    def away(_url: str) -> bytes:
        raise Unavailable("no network")

    hook = Hook(esp="ses", name="main", secrets=replace(secrets("ses"), fetch=away))
    app = Receiver([hook], Copies(reader()), Log(), days=Log(), clock=lambda: NOW)
    assert deliver(app, "ses") == 503


@every(
    ("method", "path", "status"),
    [
        ("GET", "/webhooks/sendgrid/main", 405),
        ("PUT", "/webhooks/sendgrid/main", 405),
        ("HEAD", "/webhooks/sendgrid/main", 200),
        ("POST", "/webhooks/sendgrid/other", 404),
        ("POST", "/webhooks/mandrill/main", 404),
        ("POST", "/webhooks/sendgrid/main/", 404),
        ("POST", "/webhooks/../webhooks/sendgrid/main", 404),
        ("HEAD", "/", 404),
    ],
)
def test_other_methods_and_paths(method: str, path: str, status: int) -> None:
    app, log = receiver("sendgrid")
    assert post(app, path, method=method) == status
    assert log.segments == []


def test_mandrills_first_test_is_answered() -> None:
    app, _ = receiver("mandrill")
    assert deliver(app, "mandrill", mandrill([], key="test-webhook")) == 200
    assert app.counts.events == 0


@every("told", [str(server.MAX_BODY_BYTES + 1), "-1", "1e9", "9" * 30, "é"])
def test_a_length_beyond_the_cap_is_refused_before_reading(told: str) -> None:
    app, _ = receiver("sendgrid")
    assert post(app, "/webhooks/sendgrid/main", b"x", told=told) == 413


def test_a_body_that_grows_beyond_the_cap_is_refused() -> None:
    app, _ = receiver("sendgrid")
    body = b"x" * (server.MAX_BODY_BYTES + 1)
    assert post(app, "/webhooks/sendgrid/main", body, parts=50, told="1") == 413
    assert app._under_way == 0


def test_too_many_or_too_large_headers_are_refused() -> None:
    app, _ = receiver("sendgrid")
    assert post(app, "/webhooks/sendgrid/main", headers={f"x-{n}": "v" for n in range(101)}) == 431
    assert post(app, "/webhooks/sendgrid/main", headers={"x": "v" * 70_000}) == 431


def test_bodies_under_way_are_bounded_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "MAX_BYTES_UNDER_WAY", 100)
    app, _ = receiver("sendgrid")
    assert deliver(app, "sendgrid") == 503
    assert app._under_way == 0


def test_a_slow_sender_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "BODY_SECONDS", 0.02)
    app, log = receiver("sendgrid")
    status: list[int] = []

    async def never() -> Any:
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        status.append(message.get("status", 0))

    scope: dict[str, Any] = {"type": "http", "method": "POST", "path": "/webhooks/sendgrid/main", "headers": []}
    asyncio.run(app(scope, never, send))
    assert status[0] == 408
    assert log.segments == []


def test_a_sender_that_hangs_up_leaves_nothing_behind() -> None:
    app, log = receiver("sendgrid")

    async def gone() -> Any:
        return {"type": "http.disconnect"}

    async def send(_: Any) -> None:
        pass

    scope: dict[str, Any] = {"type": "http", "method": "POST", "path": "/webhooks/sendgrid/main", "headers": []}
    asyncio.run(app(scope, gone, send))
    assert (log.segments, app._under_way) == ([], 0)


def test_a_full_batch_is_one_segment() -> None:
    app, log = receiver("sendgrid")
    batch = [{"event": "delivered", "sg_event_id": str(n)} for n in range(MAX_EVENTS)]
    assert deliver(app, "sendgrid", SIGNED["sendgrid"](batch, NOW)) == 200
    assert [len(segment) for segment in log.segments] == [MAX_EVENTS + 1]
    assert len({event.key for event in log.events()[1:]}) == MAX_EVENTS


@pytest.mark.parametrize(
    ("client", "forwarded", "status"),
    [
        ("127.0.0.1", "192.0.2.7", 200),
        ("127.0.0.1", "192.0.2.7, 198.51.100.1", 401),
        ("198.51.100.1", "192.0.2.7", 401),
        ("127.0.0.1", "", 401),
    ],
)
def test_only_a_named_proxy_says_who_calls(client: str, forwarded: str, status: int) -> None:
    known = replace(secrets("postmark"), networks=("192.0.2.0/24",))
    hook = Hook(esp="postmark", name="main", secrets=known)
    app = Receiver([hook], Copies(reader()), Log(), days=Log(), clock=lambda: NOW, proxies=["127.0.0.0/8"])
    made = SIGNED["postmark"](bounce("postmark"), NOW)
    headers = {**made.headers, "x-forwarded-for": forwarded}
    assert post(app, "/webhooks/postmark/main", made.body, headers, client=client) == status


def test_a_subscription_is_logged_and_never_confirmed_by_us() -> None:
    app, log = receiver("ses")
    envelope = sns(
        "You have chosen", Type="SubscriptionConfirmation", Token="tok", SubscribeURL="https://evil.example/"
    )
    assert deliver(app, "ses", call(envelope)) == 200
    (raw,) = log.events()
    assert b"tok" in raw.raw
    assert raw.cause == ""


def test_the_report_has_every_count() -> None:
    app, _ = receiver("sendgrid")
    deliver(app, "sendgrid")
    report = app.report()
    assert (report["calls"], report["events"], report["events_lost"]) == (1, 1, 0)


def asked(token: MessageToken, **entry: Any) -> list[dict[str, Any]]:
    """What SendGrid says of one act of a reader, with all that it knows of them."""
    told = {"sg_event_id": "o", "timestamp": 1_794_990_000, "ip": "203.0.113.9", "useragent": "Agent/1"}
    return [{"email": "ann@example.com", "mailwake": url(token=token), **told, **entry}]


def logged(body: list[dict[str, Any]], **more: Any) -> tuple[list[Event], bytes]:
    """The events of one call, and every byte that came into the log with them."""
    log = Log()
    hook = Hook(esp="sendgrid", name="main", url=URL, secrets=secrets("sendgrid"))
    app = Receiver([hook], Copies(reader()), log, days=log.days, clock=lambda: NOW, **more)
    assert deliver(app, "sendgrid", SIGNED["sendgrid"](body, NOW)) == 200
    written = [record for part in (log, log.days) for segment in part.segments for record in segment]
    return [*log.events(), *log.days.events()], b"\n".join(written)


def copy(opens: Mode, clicks: Mode = Mode.OFF) -> MessageToken:
    return MessageToken(Modes(opens=opens, clicks=clicks), 7, 0x1122_3344_5566, 0x6655_4433_2211, date(2026, 11, 2))


@every("opens", [Mode.OFF, Mode.AGGREGATE])
@every("event", ["open", "click", "unsubscribe"])
def test_what_an_esp_saw_of_somebody_who_is_not_watched_leaves_no_trace_of_them(opens: Mode, event: str) -> None:
    """The ESP's metadata name the copy whatever its mode is; neither the event nor the body may reach the log."""
    events, written = logged(asked(copy(opens, opens), event=event))
    assert [each.type for each in events if each.note is Note.NONE] == (
        [EventType.UNSUBSCRIBED] if event == "unsubscribe" else []
    )
    for canary in (b"203.0.113.9", b"Agent/1", b"ann@example.com"):
        assert canary not in written


def test_of_an_open_in_mode_deliverability_an_esp_tells_the_day() -> None:
    events, written = logged(asked(copy(Mode.DELIVERABILITY), event="open"))
    (day,) = [event for event in events if event.note is Note.NONE]
    assert (day.recipient, day.template, day.delivery, day.request) == (0x6655_4433_2211, None, None, None)
    assert day.received_at % 86_400_000_000 == 0
    assert b"203.0.113.9" not in written


def test_a_hit_that_names_no_copy_is_of_nobody_whose_mode_is_known() -> None:
    body = [{"event": "open", "email": "ann@example.com", "ip": "203.0.113.9", "sg_event_id": "o"}]
    events, written = logged(body)
    assert [event.note for event in events] == [Note.WEBHOOK]
    assert b"ann@example.com" not in written
    assert b"203.0.113.9" not in written


def test_one_such_hit_costs_the_body_of_the_whole_call_and_no_event() -> None:
    loud = asked(copy(Mode.INDIVIDUAL, Mode.INDIVIDUAL), event="open")
    events, written = logged([*loud, *asked(copy(Mode.OFF), event="open", ip="198.51.100.7", sg_event_id="p")])
    assert [event.type for event in events[1:]] == [EventType.OPENED]
    assert events[0].raw == b""
    assert b"198.51.100.7" not in written
    assert logged(loud)[0][0].raw


def test_an_installation_that_lowered_its_ceiling_keeps_less_of_mail_sent_before() -> None:
    ceiling = Modes(opens=Mode.AGGREGATE, clicks=Mode.AGGREGATE)
    events, _ = logged(asked(copy(Mode.INDIVIDUAL, Mode.INDIVIDUAL), event="open"), ceiling=ceiling)
    assert [event.note for event in events] == [Note.WEBHOOK]


@every("esp", sorted(SIGNED))
def test_names_of_headers_count_in_any_case(esp: str) -> None:
    """AT-44."""
    app, log = receiver(esp)
    made = SIGNED[esp](bounce(esp), NOW)
    loud = {name.upper(): value for name, value in made.headers.items()}
    assert post(app, f"/webhooks/{esp}/main", made.body, loud) == 200
    assert len(log.segments) == 1


@every("esp", sorted(SIGNED))
@every("other", [str.upper, str.title])
def test_a_proof_that_is_there_twice_proves_nothing(esp: str, other: Callable[[str], str]) -> None:
    """AT-44: whichever of both is believed, somebody in front of us may have believed the other one."""
    app, log = receiver(esp)
    made = SIGNED[esp](bounce(esp), NOW)
    for name, value in made.headers.items():
        if other(name) != name:
            assert deliver(app, esp, replace(made, headers={other(name): value, **made.headers})) == 401
    assert log.segments == []
    assert deliver(app, esp, replace(made, headers={"Via": "a", "via": "b", **made.headers})) == 200
