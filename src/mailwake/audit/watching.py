"""Requests that are acts get their line before their answer leaves; where no line can be written, no answer does.

It stands outside of everything else that may refuse a request, so that refusals are seen too. So that nobody fills a
disk with them, a minute has room for so many refusals; of more, one line says how many.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

import structlog
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mailwake.audit.log import AuditLog
from mailwake.audit.requests import Choose, act_of
from mailwake.audit.words import EVERYTHING, NOBODY_ASKED, RECIPIENT, Action, Actor, Outcome, Thing
from mailwake.errors import BadInput, MailwakeError
from mailwake.store.state import StateStore

log = structlog.get_logger(__name__)

_PLACE = "mailwake.audit"
#: refusals and faults that get a line of their own in a minute
REFUSALS_PER_MINUTE = 120
_MINUTE = 60_000_000
_DENIED = frozenset({401, 403, 421, 429})
_UNWRITTEN = PlainTextResponse(
    "This could not be written to the audit log, so it is not answered. What was to be changed may have been changed: "
    "look before you try again.\n",
    status_code=503,
    headers={"Retry-After": "5", "Cache-Control": "no-store"},
)


@dataclass
class Noted:
    """What those who handle a request know of it."""

    #: of the request, in its line and for whoever wants to name it elsewhere
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    #: who sent it; whoever finds that out says it here
    actor: Actor = NOBODY_ASKED
    #: what a form or an object said
    given: Mapping[str, str] = field(default_factory=dict)
    before: Mapping[str, object] | None = None
    after: Mapping[str, object] | None = None


def noted(scope: Scope) -> Noted:
    """What is known of a request; to be filled by whoever handles it."""
    made: Noted = scope.setdefault(_PLACE, Noted())
    return made


class Watching:
    """ASGI middleware.

    Args:
        app: what is watched.
        audit: the log.
        state: knows the handles of recipients.
        wall: gives microseconds since 1970.
    """

    def __init__(self, app: ASGIApp, audit: AuditLog, state: StateStore, *, wall: Callable[[], int]) -> None:
        self._app, self._audit, self._state, self._wall = app, audit, state, wall
        self._minute, self._refused = 0, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, and write down what it was."""
        act = act_of(scope["method"], scope["path"]) if scope["type"] == "http" else None
        if act is None:
            await self._app(scope, receive, send)
            return
        await self._watch(act, scope, receive, send)

    async def _watch(self, act: tuple[Choose, dict[str, str]], scope: Scope, receive: Receive, send: Send) -> None:
        known, is_let_out = noted(scope), True

        async def sending(message: Message) -> None:
            nonlocal is_let_out
            if message["type"] == "http.response.start":
                is_let_out = await asyncio.to_thread(self._write, act, scope, known, message["status"])
                if not is_let_out:
                    await _UNWRITTEN(scope, receive, send)
            if is_let_out:
                await send(message)

        await self._app(scope, receive, sending)

    def _write(self, act: tuple[Choose, dict[str, str]], scope: Scope, known: Noted, status: int) -> bool:
        """Whether a line was written, or none is needed."""
        outcome = Outcome.OK if status < 400 else Outcome.DENIED if status in _DENIED else Outcome.FAILED
        try:
            if outcome is not Outcome.OK and not self._has_room():
                return True
            choose, parts = act
            told = choose({**_query(scope), **known.given, **parts})
            if told is None:
                return True
            by = known.given.get("by", "")
            actor = Actor(known.actor.kind, known.actor.name, by) if by and not known.actor.on_behalf else known.actor
            of = Thing(told.kind, self._handle(told.name) if told.kind == RECIPIENT else told.name)
            more = {"before": known.before, "after": known.after}
            self._audit.record(told.action, actor, of, outcome=outcome, request=known.id, **more)
        except MailwakeError as fault:
            log.error("audit.unwritten", fault=type(fault).__name__)
            return False
        return True

    def _has_room(self) -> bool:
        minute = self._wall() // _MINUTE
        if minute != self._minute:
            left = self._refused - REFUSALS_PER_MINUTE
            self._minute, self._refused = minute, 0
            if left > 0:
                self._audit.record(Action.AUDIT_OVERFLOWED, NOBODY_ASKED, EVERYTHING, after={"refused": left})
        self._refused += 1
        return self._refused <= REFUSALS_PER_MINUTE

    def _handle(self, address: str) -> str:
        """As the log names a recipient; empty: nobody of that address is known."""
        try:
            return "".join(str(handle) for handle in self._state.known_handles([address]).values())
        except BadInput:  # it is no address
            return ""


def _query(scope: Scope) -> dict[str, str]:
    text = scope.get("query_string", b"").decode("latin-1")
    return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=None))
