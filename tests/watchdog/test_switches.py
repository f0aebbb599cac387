"""Where readers go is decided by somebody, with a reason, and reaches the file that the edge reads."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from tests.watchdog.conftest import FIRST, KEYS, NOW, OLD, OTHER, SECOND, Place, row

from mailwake.detours.file import FILE
from mailwake.detours.reader import DetourFile, Standing
from mailwake.detours.signing import Seal
from mailwake.errors import BadInput
from mailwake.events import Micros, TemplateId
from mailwake.settings import parse
from mailwake.store.watch import Kind
from mailwake.tokens import KeyRing
from mailwake.watchdog.switches import Link, Switches

NEW = "https://shop.example.com/new"
SAID: dict[str, Any] = {"by": "Eve", "why": "the page moved"}


@pytest.fixture
def switches(place: Place) -> Switches:
    return Switches(place.store, KEYS, place.settings)


def edge(place: Place) -> DetourFile:
    return DetourFile(place.settings.data_folder / FILE, Seal(KEYS))


def test_one_decision_mends_a_link_in_every_mail_that_was_sent(place: Place, switches: Switches) -> None:
    switches.replace(Link(href=OLD), NEW, at=NOW, **SAID)
    known = edge(place)
    for template, number in ((FIRST, 1), (FIRST, 3), (SECOND, 2)):
        assert known.of(template, number, "https://shop.example.com/spring?utm_source=added") == NEW
    assert known.of(99, 1, OLD) == NEW, "mail that is sent later"
    assert known.of(FIRST, 2, OTHER) is None


def test_one_place_can_be_sent_elsewhere_alone(place: Place, switches: Switches) -> None:
    switches.replace(Link(href=OLD, template=FIRST, number=3), NEW, at=NOW, **SAID)
    known = edge(place)
    assert known.of(FIRST, 3, OLD) == NEW
    assert known.of(FIRST, 1, OLD) is known.of(SECOND, 2, OLD) is None


def test_what_was_decided_of_one_place_counts_before_what_was_of_all(place: Place, switches: Switches) -> None:
    switches.stop(Link(href=OLD, template=FIRST, number=3), at=NOW, **SAID)
    switches.replace(Link(href=OLD), NEW, at=NOW, **SAID)
    known = edge(place)
    assert (known.of(FIRST, 3, OLD), known.of(FIRST, 1, OLD)) == ("", NEW)


def test_undone_it_leads_where_the_mail_says_and_all_of_it_stays_known(place: Place, switches: Switches) -> None:
    link = Link(href=OLD)
    switches.stop(link, at=NOW, **SAID)
    assert edge(place).of(FIRST, 1, OLD) == ""
    switches.restore(link, at=Micros(NOW + 1), by="Ann", why="it is back")
    assert edge(place).of(FIRST, 1, OLD) is None
    told = [(each.kind, each.by, each.why) for each in place.store.decisions()]
    assert told == [(Kind.RESTORE, "Ann", "it is back"), (Kind.STOP, "Eve", "the page moved")]
    with pytest.raises(BadInput, match="already"):
        switches.restore(link, at=NOW, **SAID)


@pytest.mark.parametrize(
    "to",
    [
        "",
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil.example.com/",
        "/relative",
        "https://ann:secret@example.com/",
        "https://example.com\\@evil.example.com/",
        "https://example.com/\u202egpj.exe",
        "https://track.example.com/c/x/y",
        "https://TRACK.example.com:8443/",
        "https://track.example.com./",
        "https://example.com/{{name}}",
        "https://example.com/" + "a" * 20_000,
        "ftp://example.com/",
    ],
)
def test_readers_are_sent_nowhere_that_a_tracked_link_may_not_lead(place: Place, switches: Switches, to: str) -> None:
    with pytest.raises(BadInput, match="cannot be sent there"):
        switches.replace(Link(href=OLD), to, at=NOW, **SAID)
    assert place.store.decisions() == []
    assert edge(place).standing is Standing.NONE


def test_a_link_is_not_sent_to_itself(place: Place, switches: Switches) -> None:
    with pytest.raises(BadInput, match="readers go there already"):
        switches.replace(Link(href=OLD), f" {OLD} ", at=NOW, **SAID)
    assert place.store.decisions() == []


def test_a_link_that_no_mail_holds_is_named_and_nothing_is_kept(place: Place, switches: Switches) -> None:
    for link in (Link(href="https://shop.example.com/typo"), Link(href=OLD, template=FIRST, number=2)):
        with pytest.raises(BadInput, match="no mail"):
            switches.stop(link, at=NOW, **SAID)
    assert place.store.decisions() == []


@pytest.mark.parametrize("why", ["", "  ", "x" * 201, "=1\x1b[31m"])
def test_a_decision_needs_a_reason(place: Place, switches: Switches, why: str) -> None:
    with pytest.raises(BadInput, match="reason"):
        switches.stop(Link(href=OLD), at=NOW, by="Eve", why=why)
    assert place.store.decisions() == []


def test_a_line_that_somebody_else_wrote_into_the_table_sends_nobody_anywhere(place: Place, switches: Switches) -> None:
    switches.replace(Link(href=OLD), NEW, at=NOW, **SAID)
    engine = create_engine(f"sqlite:///{place.settings.data_folder / 'state.sqlite'}")
    with engine.begin() as connection:
        connection.execute(text("update link_decisions set \"to\" = 'https://evil.example.com/'"))
    engine.dispose()
    assert switches.keeper.keep(now=Micros(NOW + 1))
    assert edge(place).of(FIRST, 1, OLD) is None
    assert switches.keeper.forged == 1


def test_a_file_that_was_damaged_or_lost_is_written_again(place: Place, switches: Switches) -> None:
    switches.replace(Link(href=OLD), NEW, at=NOW, **SAID)
    path = place.settings.data_folder / FILE
    assert not switches.keeper.keep(now=NOW), "it says already what holds"
    path.write_bytes(path.read_bytes().replace(b"new", b"bad"))
    assert switches.keeper.keep(now=NOW)
    assert edge(place).of(FIRST, 1, OLD) == NEW
    path.unlink()
    assert switches.keeper.keep(now=NOW)
    assert edge(place).of(FIRST, 1, OLD) == NEW


def test_where_nobody_decided_anything_there_is_no_file(place: Place, switches: Switches) -> None:
    assert not switches.keeper.keep(now=NOW)
    assert not (place.settings.data_folder / FILE).exists()


def test_time_in_the_file_only_moves_on(place: Place, switches: Switches) -> None:
    known = edge(place)
    switches.replace(Link(href=OLD), NEW, at=NOW, **SAID)
    known.reload()
    switches.restore(Link(href=OLD), at=Micros(NOW - 60_000_000), **SAID)
    known.reload()
    assert (known.standing, known.of(FIRST, 1, OLD)) == (Standing.GOOD, None)


def test_mail_that_is_sent_later_is_mended_by_the_next_look(place: Place, switches: Switches) -> None:
    switches.replace(Link(href=OLD), NEW, at=NOW, **SAID)
    place.mail(TemplateId(9), row(1, OLD))
    assert switches.keeper.keep(now=NOW)
    assert edge(place).of(9, 1, "https://shop.example.com/spring?utm_source=added") == NEW


def test_keys_of_another_installation_change_nothing(place: Place, tmp_path: Path) -> None:
    stranger = Switches(place.store, KeyRing({1: bytes(range(1, 33))}), parse({}, root=tmp_path))
    stranger.replace(Link(href=OLD), "https://evil.example.com/", at=NOW, **SAID)
    assert edge(place).standing is Standing.REFUSED
    Switches(place.store, KEYS, place.settings).keeper.keep(now=NOW)
    assert edge(place).of(FIRST, 1, OLD) is None
