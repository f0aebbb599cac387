"""The way in: version, session, limits, and which resource answers. Errors become the envelopes that the API has."""

from __future__ import annotations

import re
import traceback
from typing import Any

from . import admin, auth
from .calls import KNOWN_HEADERS, Answer, Call, resolve, split_target
from .faults import Fault
from .org import NEWEST_VERSION, OLDEST_VERSION, Org, Session
from .refusals import NotEmulated, Refused
from .resources import ROUTES

_VERSIONED = re.compile(r"/services/data/v(\d+)\.(\d)(/.*)?\Z")
#: Characters of path and parameters that are read. Source:
#: https://developer.salesforce.com/docs/platform/salesforce-app-limits-cheatsheet/guide/salesforce-app-limits-platform-api.html
MOST_TARGET = 16_384
#: A version's name is its season: 31.0 was Summer '14, and there are three a year.
_SEASONS = ("Spring", "Summer", "Winter")


class Gate:
    """Answers requests for one org, one at a time."""

    def __init__(self, org: Org) -> None:
        self.org = org

    def fault(self, method: str, target: str) -> Fault | None:
        """The fault that a request meets; the admin API meets none."""
        if target.startswith("/__emu/"):
            return None
        with self.org.monitor:
            return self.org.faults.take(method, target)

    def expire(self, authorization: str) -> None:
        """End a session."""
        with self.org.monitor:
            self.org.sessions.pop(authorization.partition(" ")[2], None)

    def answer(self, method: str, target: str, *, headers: dict[str, str], body: bytes, base: str) -> Answer:
        """The answer to one request."""
        path, params = split_target(target)
        with self.org.monitor:
            if path.startswith("/__emu/"):
                return admin.answer(self.org, method, path, params=params, body=body)
            self.org.requests.append({"method": method, "target": target, "bytes": len(body), "at": self.org.now()})
            call = Call(self.org, base, method, path, params, headers, body, self.org.admin)
            answered = self._answered(call, target)
            self.org.store.settle()
            self.org.locks.let_go(call)
            answered.headers.setdefault(
                "Sforce-Limit-Info", f"api-usage={self.org.usage.used()}/{self.org.settings.daily_requests}"
            )
            return answered

    def _answered(self, call: Call, target: str) -> Answer:
        """The answer, whatever happens: a fault of the emulator is a 500 that is kept, and leaves nothing half done."""
        try:
            if len(target) > MOST_TARGET:
                return Answer(414, b"<h1>Bad Message 414</h1><pre>reason: URI Too Long</pre>", content_type="text/html")
            return self._dispatch(call)
        except Refused as refused:
            self.org.store.back_to(0)
            return Answer(refused.status, refused.as_call())
        except NotEmulated as missing:
            self.org.store.back_to(0)
            return self._unknown(call, str(missing))
        except Exception:  # noqa: BLE001 - kept with its traceback, for the test that met it
            self.org.store.back_to(0)
            self._unknown(call, traceback.format_exc())
            return Answer(500, [{"message": "An unexpected error occurred", "errorCode": "UNKNOWN_EXCEPTION"}])

    def _unknown(self, call: Call, what: str) -> Answer:
        self.org.unknown.append({"what": what, "method": call.method, "path": call.path, "params": call.params})
        return Answer(501, [{"message": f"Not emulated: {what}", "errorCode": "NOT_EMULATED"}])

    def _dispatch(self, call: Call) -> Answer:
        for name in call.headers:
            if name.startswith(("sforce-", "x-sfdc")) and name not in KNOWN_HEADERS:
                raise NotEmulated(f"header {name}")
        if call.path.rstrip("/") == "/services/data":
            return Answer(body=versions())
        if call.path.startswith(("/services/oauth2/", "/id/")):
            return auth.answer(call, self._session)
        matched = _VERSIONED.match(call.path)
        if matched is None:
            raise NotEmulated(f"{call.method} {call.path}")
        call.version = f"{matched[1]}.{matched[2]}"
        refuse_version(int(matched[1]), int(matched[2]))
        call.user = self._session(call).user
        self.org.actor = call.user
        self._count()
        return resolve(ROUTES, call, matched[3] or "/")

    def _session(self, call: Call) -> Session:
        kind, _, token = call.headers.get("authorization", "").partition(" ")
        session = self.org.sessions.get(token) if kind.lower() in ("bearer", "oauth") else None
        if session is None or (
            session.expires_at <= self.org.clock.now() and not self.org.is_mutated("eternal_session")
        ):
            raise Refused("INVALID_SESSION_ID", "Session expired or invalid", status=401)
        if not session.user.is_active:
            raise Refused("INVALID_SESSION_ID", "Session expired or invalid", status=401)
        return session

    def _count(self) -> None:
        """Refused when the day's requests are spent, whatever is asked for."""
        is_spent = self.org.usage.used() >= self.org.settings.daily_requests
        if is_spent and not self.org.is_mutated("free_requests"):
            raise Refused("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", status=403)
        self.org.usage.add()


def refuse_version(major: int, minor: int) -> None:
    """410 for versions that were retired, 404 for those that are not there."""
    if minor == 0 and major < OLDEST_VERSION and major >= 20:
        raise Refused("GONE", "The requested resource is no longer available", status=410)
    if minor != 0 or not OLDEST_VERSION <= major <= NEWEST_VERSION:
        raise Refused("NOT_FOUND", "The requested resource does not exist", status=404)


def versions() -> list[dict[str, Any]]:
    """All that answer, oldest first."""
    told = []
    for number in range(OLDEST_VERSION, NEWEST_VERSION + 1):
        third, season = divmod(number - 27, 3)
        year = 13 + third + (1 if _SEASONS[season] == "Winter" else 0)
        told.append(
            {"label": f"{_SEASONS[season]} '{year}", "url": f"/services/data/v{number}.0", "version": f"{number}.0"}
        )
    return told
