"""A request that something else answered is recorded as the edge would have recorded it: the rules exist once."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.edge.conftest import (
    DELIVERY,
    HOST,
    KEYS,
    NOW_MICROS,
    RECIPIENT,
    TEMPLATE,
    RunningEdge,
    StartEdge,
    click,
    message,
)
from tests.silence import write_set

from mailwake.accesslog.replay import Replay
from mailwake.events import Event, EventType, Request, Source
from mailwake.inert.reader import InertSet
from mailwake.modes import INDIVIDUAL, Mode, Modes
from mailwake.settings import parse
from mailwake.tokens import Purpose

DAY = 86_400_000_000
AGGREGATE = Modes(opens=Mode.AGGREGATE, clicks=Mode.AGGREGATE)
DELIVERABILITY = Modes(opens=Mode.DELIVERABILITY, clicks=Mode.AGGREGATE)
OFF = Modes(opens=Mode.OFF, clicks=Mode.OFF)
HEAD = f"Host: {HOST}\r\nUser-Agent: Mail/1.0".encode()


def replaying(folder: Path, **tracking: Any) -> Replay:
    settings = parse({"tracking": {"base_url": f"https://{HOST}", **tracking}}, root=folder)
    write_set(folder / "inert.bin")
    return Replay(settings, KEYS, inert=InertSet(folder / "inert.bin"))


def asked(path: str, method: str = "GET") -> Request:
    return Request(method, path.encode("latin-1"), "192.0.2.24", (), HEAD, ("host", "user-agent"))


def take(replay: Replay, path: str, *, at: int = NOW_MICROS) -> Event | None:
    return replay.take(asked(path), host=HOST.encode(), at=at)


def test_an_open_is_recorded_at_the_time_of_the_log_with_what_it_tells(tmp_path: Path) -> None:
    event = take(replaying(tmp_path), f"/o/{message()}", at=NOW_MICROS - 5)
    assert event is not None
    assert (event.type, event.source, event.received_at) == (EventType.OPENED, Source.EDGE, NOW_MICROS - 5)
    assert (event.template, event.delivery, event.recipient) == (TEMPLATE, DELIVERY, RECIPIENT)
    assert event.modes == INDIVIDUAL.to_byte()
    assert event.request == asked(f"/o/{message()}")


CASES = [
    ("GET", f"/o/{message()}", HOST),
    ("HEAD", f"/o/{message()}", HOST),
    ("GET", f"/o/{message()}?a=b", HOST),
    ("GET", f"/o/{message()}#x", HOST),
    ("GET", f"/o/{message(modes=AGGREGATE, delivery=0, recipient=0)}", HOST),
    ("HEAD", f"/o/{message(modes=AGGREGATE)}", HOST),
    ("GET", f"/o/{message(modes=AGGREGATE)}", HOST),
    ("GET", f"/o/{message(modes=DELIVERABILITY)}", HOST),
    ("HEAD", f"/o/{message(modes=DELIVERABILITY)}", HOST),
    ("GET", f"/o/{message(modes=OFF)}", HOST),
    ("GET", f"/o/{message(recipient=666)}", HOST),
    ("GET", f"/o/{message(modes=AGGREGATE, recipient=666)}", HOST),
    ("GET", f"/o/{message(age_days=400)}", HOST),
    ("GET", f"/o/{message(age_days=401)}", HOST),
    ("GET", f"/o/{message(Purpose.UNSUBSCRIBE_HEADER)}", HOST),
    ("GET", f"/o/{message()}x", HOST),
    ("GET", "/o/", HOST),
    ("POST", f"/o/{message()}", HOST),
    ("GET", f"/o/{message()}", HOST.upper() + ":8080"),
    ("GET", f"/o/{message()}", "elsewhere.example.com"),
    ("GET", click(), HOST),
    ("GET", "/nowhere", HOST),
]


@pytest.mark.parametrize("ceiling", ["individual", "deliverability", "aggregate", "off"])
def test_whatever_is_asked_the_edge_itself_writes_the_same(start_edge: StartEdge, tmp_path: Path, ceiling: str) -> None:
    """The same requests to a running edge and out of a log: the same events, and the same counts."""
    inert = tmp_path / "mailwake-data" / "inert.bin"
    write_set(inert, 666)
    edge: RunningEdge = start_edge(tracking={"opens": ceiling})
    replay = Replay(edge.settings, KEYS, inert=InertSet(inert))
    told = []
    for method, path, host in CASES:
        edge.ask(path, method=method, host=host, headers={"User-Agent": "Mail/1.0"})
        head = f"Host: {host}\r\nUser-Agent: Mail/1.0".encode()
        event = replay.take(Request(method, path.encode(), "127.0.0.1", (), head), host=host.encode(), at=NOW_MICROS)
        told += [msgspec.structs.replace(event, request=split(event.request))] if event else []
    report = edge.stop()
    assert sorted(told, key=repr) == sorted(edge.events(), key=repr)  # days stand in a sequence of their own
    counts = replay.counters.report()
    assert counts == {name: report[name] for name in counts}


def split(request: Request | None) -> Request | None:
    """Header lines as a reader of the log sees them."""
    if request is None:
        return None
    parted = (line.partition(b": ") for line in request.head.split(b"\r\n"))
    headers = tuple((name, value) for name, _, value in parted)
    return Request(request.method, request.path, request.peer, headers)


def test_each_line_is_as_old_as_its_own_day_says_in_whatever_order_they_come(tmp_path: Path) -> None:
    replay = replaying(tmp_path, record_days=30)
    path = f"/o/{message(age_days=0)}"
    days = [0, 31, 29, 40, 30, 1]
    assert [take(replay, path, at=NOW_MICROS + day * DAY) is not None for day in days] == [
        True, False, True, False, True, True,
    ]  # fmt: skip
    assert replay.counters.expired == 2


def test_a_log_of_many_days_takes_no_memory(tmp_path: Path) -> None:
    replay = replaying(tmp_path)
    for day in range(200):
        take(replay, f"/o/{message()}", at=NOW_MICROS + day * DAY)
    assert len(replay._apps) <= 64


@pytest.mark.parametrize(("proxies", "peer"), [(["192.0.2.0/24"], "198.51.100.7"), ([], "192.0.2.24")])
def test_a_forwarding_header_is_believed_from_named_proxies_alone(
    tmp_path: Path, proxies: list[str], peer: str
) -> None:
    tree = {"tracking": {"base_url": f"https://{HOST}"}, "edge": {"trusted_proxies": proxies}}
    write_set(tmp_path / "inert.bin")
    replay = Replay(parse(tree, root=tmp_path), KEYS, inert=InertSet(tmp_path / "inert.bin"))
    head = HEAD + b"\r\nX-Forwarded-For: 203.0.113.5, 198.51.100.7, 192.0.2.9"
    request = Request("GET", f"/o/{message()}".encode(), "192.0.2.24", (), head)
    event = replay.take(request, host=HOST.encode(), at=NOW_MICROS)
    assert event is not None
    assert event.request is not None
    assert event.request.peer == peer


def test_a_withdrawal_between_two_lines_holds_from_then_on(tmp_path: Path) -> None:
    path = tmp_path / "inert.bin"
    write_set(path)
    inert = InertSet(path)
    settings = parse({"tracking": {"base_url": f"https://{HOST}"}}, root=tmp_path)
    replay = Replay(settings, KEYS, inert=inert)
    assert take(replay, f"/o/{message()}")
    write_set(path, RECIPIENT)
    inert.reload()
    assert take(replay, f"/o/{message()}") is None
    assert replay.counters.inert == 1


_requests = st.builds(
    Request,
    st.text(max_size=8) | st.just("GET"),
    st.binary(max_size=80).map(lambda rest: b"/o/" + rest) | st.binary(max_size=20),
    st.text(max_size=20),
    st.just(()),
    st.binary(max_size=60),
)


@given(_requests, st.binary(max_size=20) | st.just(HOST.encode()), st.integers(0, 253_402_300_799_999_999))
def test_nothing_that_a_log_may_hold_is_a_fault(request: Request, host: bytes, at: int) -> None:
    settings = parse({"tracking": {"base_url": f"https://{HOST}"}}, root=Path("nowhere"))
    replay = Replay(settings, KEYS, inert=InertSet(Path("nowhere") / "inert.bin"))
    assert replay.take(request, host=host, at=at) is None
    assert replay.counters.received == 1 == replay.counters.rejected
