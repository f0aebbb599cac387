"""The log as an answer: its lines, narrowed, with the address of a recipient where one is still known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from mailwake.audit.words import RECIPIENT, Action, Outcome
from mailwake.errors import BadInput
from mailwake.events import SECOND, Handle
from mailwake.store.audit import AuditLine, AuditStore, Wanted
from mailwake.store.state import StateStore

PAGE_SIZE = 50


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Which lines; empty: any."""

    action: str = ""
    actor: str = ""
    outcome: str = ""
    #: address of a recipient
    person: str = ""
    page: int = 1
    page_size: int = PAGE_SIZE


class LineAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One line."""

    number: int
    at: datetime
    actor_kind: str
    actor: str
    on_behalf: str | None
    action: str
    object_kind: str
    #: of a recipient, the handle
    object: str
    #: of a recipient who is known; null: of nobody, or erased
    address: str | None
    outcome: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    request: str | None
    previous: str
    hash: str


class AuditAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A page of lines, the latest first."""

    lines: list[LineAnswer]
    page: int
    page_size: int
    total: int


def page_of(store: AuditStore, state: StateStore, asked: Asked) -> AuditAnswer:
    """Lines as they were asked for.

    Raises:
        BadInput: there is no such action or outcome, or the person is no address.
    """
    wanted = _wanted(store, state, asked)
    found = store.lines(wanted, limit=asked.page_size, offset=(asked.page - 1) * asked.page_size)
    addresses = state.addresses({Handle(int(each.object)) for each in found if _is_recipient(each)})
    lines = [_told(each, addresses.get(Handle(int(each.object))) if _is_recipient(each) else None) for each in found]
    return AuditAnswer(lines=lines, page=asked.page, page_size=asked.page_size, total=store.count_lines(wanted))


def actions_of(store: AuditStore) -> list[str]:
    """Every word that a line may have, by the alphabet."""
    return sorted({*Action, *store.actions()})


def exported(store: AuditStore) -> Iterator[bytes]:
    """Every line as JSON, from the oldest, just as it was hashed: enough to check the chain elsewhere."""
    for line in store.chain():
        yield msgspec.json.encode(asdict(line)) + b"\n"


def _wanted(store: AuditStore, state: StateStore, asked: Asked) -> Wanted:
    if asked.action and asked.action not in (known := actions_of(store)):
        raise BadInput(f"there is no action {asked.action[:48]!r}; there are {', '.join(known)}")
    if asked.outcome and asked.outcome not in tuple(Outcome):
        raise BadInput(f"there is no outcome {asked.outcome[:48]!r}; there are {', '.join(Outcome)}")
    wanted = {"action": asked.action, "actor": asked.actor, "outcome": asked.outcome}
    if not asked.person.strip():
        return Wanted(**wanted)
    handles = state.known_handles([asked.person.strip()]).values()
    return Wanted(**wanted, object_kind=RECIPIENT, object="".join(map(str, handles)) or "nobody")


def _is_recipient(line: AuditLine) -> bool:
    return line.object_kind == RECIPIENT and line.object.isdecimal()


def _told(line: AuditLine, address: str | None) -> LineAnswer:
    told = asdict(line) | {
        "at": datetime.fromtimestamp(line.at / SECOND, UTC),
        "before": _fields(line.before),
        "after": _fields(line.after),
    }
    return LineAnswer(**told, address=address)


def _fields(text: str | None) -> dict[str, Any] | None:
    """What cannot be read was changed, and `verify` names it; the page shows the rest all the same."""
    try:
        return None if text is None else msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError):
        return {"": text[:100]} if text else None
