"""The guard of the audit log: whatever stands in it came through here.

It writes a line before anybody is told that something was done; where no line can be written, nobody is. No token, no
address of a recipient and no network address gets into a line: a recipient is named by the handle, which says nothing
once the recipient was erased.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from mailwake.audit.words import RECIPIENT, Actor, Outcome, Thing
from mailwake.errors import BadInput
from mailwake.events import Micros
from mailwake.store.audit import AuditLine, AuditStore, Draft

#: A longer name is cut.
MAX_CHARS = 300
#: half of a pair, as bytes that were no UTF-8 become in Python: no JSON can hold it
_LONE = re.compile("[\ud800-\udfff]")
_ACTION = re.compile(r"(?=.{1,48}\Z)[a-z][a-z_]*(\.[a-z_]+)+")
#: of recipients: digits
_HANDLE = re.compile(r"[0-9]{0,20}")


class AuditLog:
    """Writes down who did what.

    Args:
        store: where lines are kept.
        wall: gives microseconds since 1970.
    """

    def __init__(self, store: AuditStore, *, wall: Callable[[], int]) -> None:
        self.store = store
        self._wall = wall

    def record(
        self,
        action: str,
        actor: Actor,
        of: Thing,
        *,
        outcome: Outcome = Outcome.OK,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        request: str | None = None,
    ) -> AuditLine:
        """Add a line.

        Args:
            action: what was done: a word of `Action`, or of the room that does it, such as ``user.role``.
            actor: who did it.
            of: what it was done to.
            outcome: how it ended.
            before: policy fields as they were; None: nothing to compare.
            after: the same as they are now, or counts of what was done.
            request: id of the request that it came with.

        Raises:
            BadInput: a recipient is named by something that is no handle, or the action is no such word.
            Unavailable: it cannot be written; what was to be done must not be called done.
        """
        draft = self._draft(action, actor, of)
        compared = replace(draft, before=_json(before), after=_json(after))
        return self.store.append(replace(compared, outcome=str(outcome), request=request))

    def record_change(self, action: str, actor: Actor, of: Thing, *, now: Mapping[str, Any]) -> AuditLine | None:
        """Add what holds of a thing now, unless it held already when that was last written down.

        Returns:
            The line, with what held before; None: nothing changed.
        """
        return self.store.append_change(replace(self._draft(action, actor, of), after=_json(now)))

    def _draft(self, action: str, actor: Actor, of: Thing) -> Draft:
        if of.kind == RECIPIENT and not _HANDLE.fullmatch(of.name):
            raise BadInput("the audit log names recipients by their handles")
        if not _ACTION.fullmatch(action):
            raise BadInput("the audit log knows acts by words such as user.role")
        return Draft(
            at=Micros(self._wall()),
            actor_kind=str(actor.kind),
            actor=_clean(actor.name),
            on_behalf=_clean(actor.on_behalf) if actor.on_behalf else None,
            action=str(action),
            object_kind=_clean(of.kind)[:24],
            object=_clean(of.name),
            outcome=str(Outcome.OK),
        )


def _clean(text: str) -> str:
    return _LONE.sub("\ufffd", text[:MAX_CHARS])


def _json(fields: Mapping[str, Any] | None) -> str | None:
    return None if fields is None else msgspec.json.encode(dict(fields), order="sorted").decode()
