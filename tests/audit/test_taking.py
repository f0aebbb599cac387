"""What other rooms say of themselves becomes lines."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mailwake.audit.log import AuditLog
from mailwake.audit.taking import Taker, actor_named
from mailwake.audit.words import Action, ActorKind
from mailwake.errors import BadInput
from mailwake.events import Micros
from mailwake.store.audit import AuditStore, Wanted, open_audit


@dataclass(frozen=True)
class Known:
    kind: str
    name: str


@pytest.fixture
def store(tmp_path: Path) -> Iterator[AuditStore]:
    opened = open_audit(tmp_path / "state.sqlite")
    yield opened
    opened.close()


def taker(store: AuditStore) -> Taker:
    return Taker(AuditLog(store, wall=lambda: 5))


def test_a_changed_role_is_a_line_with_both(store: AuditStore) -> None:
    ann = Known("user", "ann@example.com")
    before, after = {"role": "viewer"}, {"role": "owner"}
    taker(store).record(
        actor=ann, action="user.role", object="user 7", outcome="ok", before=before, after=after, at=Micros(1)
    )
    (line,) = store.lines(Wanted(), limit=9)
    assert (line.actor_kind, line.actor, line.action) == ("user", "ann@example.com", "user.role")
    assert (line.object_kind, line.object, line.outcome) == ("user", "7", "ok")
    assert (line.before, line.after) == ('{"role":"viewer"}', '{"role":"owner"}')


@pytest.mark.parametrize("action", ["route", "people.read", "people.export"])
def test_what_is_watched_from_outside_is_not_written_twice(store: AuditStore, action: str) -> None:
    taker(store).record(
        actor=Known("user", "a"), action=action, object="route GET /person", outcome="denied", at=Micros(1)
    )
    assert store.last_line() is None


@pytest.mark.parametrize("action", ["", "Role", "user role", "user.", "a@b.c", "x." + "y" * 60, "user.role\n"])
def test_what_is_no_word_is_refused(store: AuditStore, action: str) -> None:
    with pytest.raises(BadInput, match="words such as"):
        taker(store).record(actor=Known("user", "a"), action=action, object="user 7", outcome="ok", at=Micros(1))


def test_every_word_of_ours_is_one() -> None:
    assert all("." in action and len(action) <= 48 for action in Action)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("user", ActorKind.USER),
        ("key", ActorKind.KEY),
        ("command", ActorKind.COMMAND_LINE),
        ("anybody", ActorKind.UNNAMED),
    ],
)
def test_kinds_of_actors_have_our_words(kind: str, expected: ActorKind) -> None:
    assert actor_named(Known(kind, "x")).kind is expected
