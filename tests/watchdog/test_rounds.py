"""Visits to real servers at a pace that a clock of the test's shows."""

import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.watchdog.conftest import NOW, Place
from tests.watchdog.servers import Shop, free_port, shop

from mailwake.events import SECOND
from mailwake.more_sections import Watchdog
from mailwake.settings import Settings
from mailwake.store.watch import Health
from mailwake.visiting.asking import Wall
from mailwake.visiting.visitor import Visitor
from mailwake.watchdog.rounds import Rounds, visitor_of

WANTED = Watchdog(allow_private=True, contact="https://example.com/who")
MINUTE = 60 * SECOND


@pytest.fixture
def server() -> Iterator[Shop]:
    with shop() as running:
        yield running


class Clock:
    def __init__(self) -> None:
        self.now = int(NOW)

    def __call__(self) -> int:
        return self.now


def wanting(place: Place) -> Settings:
    return replace(place.settings, watchdog=WANTED)


def rounds(place: Place, clock: Clock, visitor: Visitor | None = None) -> Rounds:
    return Rounds(place.store, (visitor or visitor_of(wanting(place))).visit, WANTED, wall=clock)


def test_a_host_is_asked_once_a_turn_and_then_left_alone(place: Place, server: Shop) -> None:
    clock = Clock()
    turns = rounds(place, clock)
    hrefs = [f"{server.url}/well/{number}" for number in range(3)]
    assert [turns.turn(hrefs), turns.turn(hrefs)] == [1, 0]
    clock.now += 4 * SECOND
    assert turns.turn(hrefs) == 0
    clock.now += 1 * SECOND
    assert turns.turn(hrefs) == 1
    assert server.agents == {"Mailwake (checks where the links of mail lead; https://example.com/who)"}


def test_what_answered_is_asked_again_after_an_hour_or_so(place: Place, server: Shop) -> None:
    clock = Clock()
    turns = rounds(place, clock)
    hrefs = [f"{server.url}/well"]
    turns.turn(hrefs)
    clock.now += 53 * MINUTE
    assert turns.turn(hrefs) == 0
    clock.now += 14 * MINUTE
    assert turns.turn(hrefs) == 1
    assert rounds(place, clock).turn(hrefs) == 0, "a restart asks nobody sooner"


def test_a_target_that_dies_is_one_alarm_and_it_ends_when_it_is_back(place: Place, server: Shop) -> None:
    clock = Clock()
    turns = rounds(place, clock)
    hrefs = [f"{server.url}/well"]
    turns.turn(hrefs)
    server.status = 404
    for _ in range(60):
        clock.now += 5 * MINUTE
        turns.turn(hrefs)
    (alarm,) = place.store.alarms()
    assert (alarm.href, alarm.said, alarm.closed_at) == (hrefs[0], "404", None)
    server.status = 200
    clock.now += 70 * MINUTE
    turns.turn(hrefs)
    assert place.store.alarms(only_open=True) == []
    assert [each.closed_at for each in place.store.alarms()] == [clock.now]


@pytest.mark.parametrize(
    ("path", "said"), [("/round", "endless"), ("/hang", "timeout"), ("/inside", "no_answer"), ("/huge", "200")]
)
def test_hostile_targets_cost_little_and_are_named(place: Place, server: Shop, path: str, said: str) -> None:
    visitor = Visitor(Wall(allow_private=True, seconds=1.0), most_seconds=2.0)
    found = rounds(place, Clock(), visitor).look(server.url + path)
    assert found.said == said
    assert server.asked.total() < 40
    assert server.bytes_sent < 64_000_000, "what the system's buffers take, not the gigabyte"


def test_addresses_inside_are_not_asked_and_are_no_failure(place: Place, server: Shop) -> None:
    visitor = visitor_of(place.settings)
    for href in (
        f"{server.url}/well",
        f"http://localhost:{server.server_address[1]}/",
        "http://169.254.169.254/latest",
    ):
        found = rounds(place, Clock(), visitor).look(href)
        assert (found.health, found.said) == (Health.UNKNOWN, "private")
    assert server.asked.total() == 0


def test_nobody_at_home_is_a_failure(place: Place) -> None:
    found = rounds(place, Clock()).look(f"http://127.0.0.1:{free_port()}/")
    assert (found.health, found.said) == (Health.ILL, "no_answer")


class Names:
    """Every name is found, but for those of which the name server says nothing; it may be away altogether."""

    def __init__(self) -> None:
        self.is_away = False
        self.silent: set[str] = set()

    def __call__(self, host: str, _port: int) -> list[str]:
        if self.is_away or host in self.silent:
            raise socket.gaierror(socket.EAI_AGAIN, "no answer")
        return ["127.0.0.1"]


def test_a_name_server_of_ours_that_is_away_is_no_alarm_of_every_target(place: Place, server: Shop) -> None:
    clock, names = Clock(), Names()
    turns = rounds(place, clock, Visitor(Wall(allow_private=True, lookup=names)))
    port = server.server_address[1]
    hrefs = [f"http://host{number}.example:{port}/well/{number}" for number in range(5)]

    def go_on(hours: int) -> None:
        for _ in range(12 * hours):
            clock.now += 5 * MINUTE
            turns.turn(hrefs)

    go_on(2)
    names.is_away = True
    go_on(3)
    assert place.store.alarms() == []
    names.is_away, names.silent = False, {"host3.example"}
    go_on(3)
    assert [(each.href, each.said) for each in place.store.alarms()] == [(hrefs[3], "no_dns")], "its own name server"


def test_where_one_host_alone_is_visited_its_name_is_missed(place: Place, server: Shop) -> None:
    clock, names = Clock(), Names()
    turns = rounds(place, clock, Visitor(Wall(allow_private=True, lookup=names)))
    hrefs = [f"http://shop.example:{server.server_address[1]}/well/1"]
    turns.turn(hrefs)
    names.is_away = True
    for _ in range(40):
        clock.now += 5 * MINUTE
        turns.turn(hrefs)
    assert [each.said for each in place.store.alarms(only_open=True)] == ["no_dns"]
