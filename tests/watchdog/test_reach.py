"""An alarm concerns those who are led there; replacements are watched as targets are, and their death names them."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from tests.every import every
from tests.watchdog.conftest import FIRST, NOW, OLD, OTHER, SECOND, Place, row
from tests.watchdog.servers import Answering

from mailwake.detours.signing import Seal
from mailwake.events import SECOND as ONE_SECOND
from mailwake.events import Micros, TemplateId
from mailwake.more_sections import Watchdog
from mailwake.sections import Keys
from mailwake.settings import Settings
from mailwake.store.events import EventStore
from mailwake.store.watch import Alarm, Health, Target
from mailwake.tokens import KeyRing, format_key
from mailwake.watchdog import office
from mailwake.watchdog.desk import Desk
from mailwake.watchdog.office import Watch
from mailwake.watchdog.reach import likely, ringing
from mailwake.watchdog.switches import Link, Switches

SECRET = bytes(range(2, 34))
KEYS = KeyRing({1: SECRET})
NEW = "https://news.example.com/spring"
SAID: dict[str, Any] = {"by": "Eve", "why": "the page moved"}
MINUTE = 60 * ONE_SECOND


@pytest.fixture
def switches(place: Place) -> Switches:
    return Switches(place.store, KEYS, place.settings)


def alarm(place: Place, href: str) -> None:
    found = Target(href=href, visited_at=NOW, health=Health.ILL, said="404", well_at=NOW, failures=3)
    place.store.put_target(found, alarm=Alarm(href=href, said="404", opened_at=NOW))


def mended(place: Place) -> dict[str, bool]:
    return {each.alarm.href: each.is_mended for each in ringing(place.store, Seal(KEYS))}


def test_an_alarm_is_mended_when_each_place_of_its_link_has_a_detour(place: Place, switches: Switches) -> None:
    alarm(place, OTHER)
    assert mended(place) == {OTHER: False}
    switches.stop(Link(href=OTHER, template=FIRST, number=2), at=NOW, **SAID)
    assert mended(place) == {OTHER: False}
    switches.replace(Link(href=OTHER, template=SECOND, number=1), NEW, at=NOW, **SAID)
    assert mended(place) == {OTHER: True}
    place.mail(TemplateId(9), row(1, OTHER))
    assert mended(place) == {OTHER: False}, "mail that was sent since leads there"
    switches.stop(Link(href=OTHER), at=NOW, **SAID)
    assert mended(place) == {OTHER: True}


def test_a_decision_that_nobody_made_with_our_keys_mends_nothing(place: Place, switches: Switches) -> None:
    alarm(place, OLD)
    switches.stop(Link(href=OLD), at=NOW, **SAID)
    (decision,) = place.store.holding()
    place.store.add_decision(replace(decision, why="forged"))
    assert mended(place) == {OLD: False}


def test_the_death_of_a_replacement_concerns_whom_it_is_for(place: Place, switches: Switches) -> None:
    alarm(place, NEW)
    assert mended(place) == {NEW: True}, "no mail and no decision leads there"
    switches.replace(Link(href=OLD), NEW, at=NOW, **SAID)
    (ring,) = ringing(place.store, Seal(KEYS))
    assert (ring.is_mended, [each.href for each in ring.sent]) == (False, [OLD])


@every(
    ("href", "found"),
    [
        ("http://example.com/a?b=c", ["https://example.com/a?b=c", "https://example.com/"]),
        ("https://example.com/a", ["https://example.com/"]),
        ("https://example.com/", []),
        ("http://example.com:8080/a", ["http://example.com:8080/"]),
        ("http://example.com/reset?token=1", ["https://example.com/"]),
    ],
)
def test_what_may_do_instead(href: str, found: list[str]) -> None:
    assert list(likely(href)) == found


class Clock:
    def __init__(self) -> None:
        self.now = int(NOW)

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def visitor(monkeypatch: pytest.MonkeyPatch) -> Answering:
    made = Answering(200)
    monkeypatch.setattr(office, "visitor_of", lambda _: made)
    return made


def watch(place: Place, clock: Clock, folder: Path) -> Watch:
    (folder / "keys.txt").write_text(format_key(1, SECRET, date(2026, 9, 1)))
    settings: Settings = replace(
        place.settings,
        keys=replace(place.settings.keys, ref="file:keys.txt"),
        watchdog=Watchdog(failures=2, minutes=10),
    )
    events = cast("EventStore", SimpleNamespace(ask=lambda *_, **__: [{"template": int(FIRST)}]))
    return Watch(settings, place.store, events, Switches(place.store, settings.load_keys(), settings), wall=clock)


def pass_by(watching: Watch, clock: Clock, *, minutes: int) -> None:
    for _ in range(minutes):
        clock.now += MINUTE
        watching.turn()


def test_replacements_are_visited_and_their_death_is_an_alarm(place: Place, tmp_path: Path, visitor: Answering) -> None:
    clock = Clock()
    watching = watch(place, clock, tmp_path)
    switches = Switches(place.store, KEYS, place.settings)
    switches.replace(Link(href=OLD), NEW, at=NOW, **SAID)
    switches.replace(Link(href=OTHER), "https://shop.example.com/reset", at=NOW, **SAID)
    pass_by(watching, clock, minutes=5)
    assert set(visitor.asked) == {OLD, OTHER, NEW}, "and none whose look does something"
    visitor.status = 404
    pass_by(watching, clock, minutes=150)
    assert {each.href for each in place.store.alarms(only_open=True)} == {NEW}, "nobody is led to the others"


def test_what_may_do_instead_is_visited_while_there_is_an_alarm(
    place: Place, tmp_path: Path, visitor: Answering
) -> None:
    clock = Clock()
    watching = watch(place, clock, tmp_path)
    pass_by(watching, clock, minutes=2)
    assert "https://shop.example.com/" not in visitor.asked
    alarm(place, OLD)
    pass_by(watching, clock, minutes=5)
    assert "https://shop.example.com/" in visitor.asked


@pytest.mark.long
def test_what_was_visited_before_readers_were_sent_there_is_no_stranger(
    place: Place, tmp_path: Path, visitor: Answering
) -> None:
    clock = Clock()
    watching = watch(place, clock, tmp_path)
    watching.turn()
    desk = Desk(place.store, replace(place.settings, keys=Keys(ref="file:keys.txt")), visit=visitor.visit)
    for link in (Link(href=OLD), Link(href=OTHER)):
        desk.replace(link, NEW, at=Micros(clock.now), by="Eve", why="moved")
    assert visitor.asked.count(NEW) == 1
    visitor.status = 404
    pass_by(watching, clock, minutes=150)
    (alarm_of_new,) = place.store.alarms(only_open=True)
    assert alarm_of_new.href == NEW, "it was well when it was chosen"
