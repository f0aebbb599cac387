"""What an operator sees of unsubscriptions and may do about them; every act is kept with who, when and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from mailwake.errors import BadInput
from mailwake.events import Micros, Note
from mailwake.leaving.holding import HOLD
from mailwake.store.state import Leave, StateStore, Unsubscribe, UnsubscribeAct

#: Lines of one page.
PAGE_SIZE = 100
MAX_WORDS = 200
_LAST_ID = 2**63 - 1


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One press of the button behind a body's link, with what became of it."""

    row: Unsubscribe
    #: None: no longer known
    address: str | None = field(repr=False)
    #: of the address; None: as above
    domain: str | None
    #: None: not known
    campaign: str | None
    #: oldest first
    acts: tuple[UnsubscribeAct, ...]

    @property
    def may_be_restored(self) -> bool:
        """Whether it can still be taken back."""
        return self.row.state is not Leave.RESTORED

    @property
    def is_held(self) -> bool:
        """Whether it waits for a decision."""
        return self.row.state is Leave.HELD

    @property
    def waits(self) -> bool:
        """Whether it is held as most likely a machine's: by itself it is taken back and not applied."""
        until = self.row.held_until
        return self.is_held and until is not None and until - self.row.at > HOLD

    @property
    def held_because(self) -> str | None:
        """Why it was held; None: it never was."""
        return next((act.why for act in self.acts if act.act is Leave.HELD), None)


def held(state: StateStore) -> list[Entry]:
    """Everything that is held, oldest first: what has to be decided before its time is over."""
    return _entries(state, state.held_unsubscribes())


def recent(state: StateStore, *, page: int = 1, page_size: int = PAGE_SIZE) -> list[Entry]:
    """Presses of the button, newest first; one-clicks are not among them, for nobody takes those back.

    Args:
        state: where they are.
        page: from 1.
        page_size: lines.
    """
    rows = state.latest_unsubscribes(Note.BUTTON, limit=page_size, offset=(page - 1) * page_size)
    return _entries(state, rows)


def restore(state: StateStore, ids: Iterable[int], *, at: Micros, by: str, why: str) -> int:
    """Take presses of the button back, held or applied; says how many were.

    Args:
        state: where they are.
        ids: of presses, or of incidents, which stand for all presses that belong to them.
        at: now.
        by: who does it.
        why: in their words.

    Raises:
        BadInput: an id names none, somebody gave no reason, or it is a one-click, which is never taken back.
    """
    rows = _named(state, ids)
    if any(row.how != Note.BUTTON for row in rows):
        raise BadInput("a mailbox sends a one-click only when its user asks for it; it cannot be taken back here")
    return state.restore_unsubscribes(rows, at=at, by=_words("by", by), why=_words("why", why))


def apply_now(state: StateStore, ids: Iterable[int], *, at: Micros, by: str, why: str) -> int:
    """Make final what is held, before its time is over; says how many were. Arguments and errors as `restore`."""
    return state.apply_unsubscribes(_named(state, ids), at=at, by=_words("by", by), why=_words("why", why))


def _named(state: StateStore, ids: Iterable[int]) -> list[Unsubscribe]:
    wanted = set(ids)
    if outside := [each for each in wanted if not 0 <= each <= _LAST_ID]:
        raise BadInput(f"{outside[0]} is no id; `mailwake unsubscribes list` has them")
    rows = state.unsubscribes_of(ids=wanted, incidents=wanted)
    unknown = wanted - {row.id for row in rows} - {row.incident for row in rows}
    if unknown or not wanted:
        raise BadInput(
            f"there is no unsubscription {min(unknown, default='')}; `mailwake unsubscribes list` has their ids"
        )
    return rows


def _words(what: str, text: str) -> str:
    told = " ".join(text.split())
    if not told or len(told) > MAX_WORDS or not told.isprintable():
        raise BadInput(f"{what}: say it in 1 to {MAX_WORDS} characters; it is kept with what was done")
    return told


def _entries(state: StateStore, rows: list[Unsubscribe]) -> list[Entry]:
    people = state.recipients({row.handle for row in rows})
    campaigns = {each.id: each.name for each in state.campaigns()} if rows else {}
    acts: dict[int, list[UnsubscribeAct]] = {}
    for act in state.unsubscribe_acts([row.id for row in rows]):
        acts.setdefault(act.unsubscribe, []).append(act)
    return [
        Entry(
            row=row,
            address=people[row.handle].address if row.handle in people else None,
            domain=people[row.handle].domain if row.handle in people else None,
            campaign=None if row.campaign is None else campaigns.get(row.campaign),
            acts=tuple(acts.get(row.id, ())),
        )
        for row in rows
    ]
