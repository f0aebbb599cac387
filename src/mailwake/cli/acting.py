"""What commands share by which somebody changes the state store by hand: the store, the moment and the name."""

from __future__ import annotations

import getpass
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from mailwake.cli.logs import configure
from mailwake.errors import BadInput, Untrusted
from mailwake.events import Micros
from mailwake.settings import load

if TYPE_CHECKING:  # a command that needs no store starts without one
    from mailwake.audit.words import Action, Thing
    from mailwake.store.state import StateStore


@contextmanager
def state_of(config: str) -> Iterator[StateStore]:
    """The installation's state store, closed at the end."""
    from mailwake.store.state import open_state

    settings = load(config)
    configure(settings.logging, "command")
    with closing(open_state(settings.data_folder / "state.sqlite")) as state:
        yield state


@contextmanager
def audited(
    state: StateStore,
    action: Action,
    of: Thing | Callable[[], Thing],
    *,
    by: str = "",
    after: Mapping[str, Any] | None = None,
) -> Iterator[None]:
    """Do something that stands in the audit log afterwards, however it ended.

    Args:
        state: of the installation.
        action: what is done.
        of: what it is done to, or what says so afterwards.
        by: for whom, where they say so.
        after: what is worth knowing of it.
    """
    from mailwake.audit.log import AuditLog
    from mailwake.audit.words import Actor, ActorKind, Outcome
    from mailwake.store.audit import same_database

    outcome, actor = Outcome.FAILED, Actor(ActorKind.COMMAND_LINE, who(), by or None)
    try:
        yield
        outcome = Outcome.OK
    except Untrusted:
        outcome = Outcome.DENIED
        raise
    finally:
        thing = of() if callable(of) else of
        AuditLog(same_database(state), wall=moment).record(action, actor, thing, outcome=outcome, after=after)


@contextmanager
def audited_act(
    config: str, action: Action, of: Thing, *, by: str = "", after: Mapping[str, Any] | None = None
) -> Iterator[None]:
    """The same for a command that has no state store open."""
    with state_of(config) as state, audited(state, action, of, by=by, after=after):
        yield


def recipient(state: StateStore, address: str) -> Callable[[], Thing]:
    """Says, once something was done, who it was done to: by the handle, for no address gets into the log."""
    from mailwake.audit.words import RECIPIENT, Thing

    def told() -> Thing:
        try:
            return Thing(RECIPIENT, "".join(str(handle) for handle in state.known_handles([address]).values()))
        except BadInput:  # it is no address
            return Thing(RECIPIENT)

    return told


def moment() -> Micros:
    """Now."""
    return Micros(time.time_ns() // 1_000)


def who() -> str:
    """Whose act it is, as the system knows them."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no name for this number
        return "somebody at the command line"
