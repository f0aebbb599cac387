"""Webhooks of ESPs as lines of JSON, read as the receiver reads them: for people at a terminal and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from mailwake.bounces.decide import Bounces
from mailwake.errors import BadInput, MailwakeError, Unreadable
from mailwake.events import SECOND, EventType, Micros
from mailwake.webhooks.call import Call, Secrets
from mailwake.webhooks.esps import ESPS, esp_named
from mailwake.webhooks.fields import load_object
from mailwake.webhooks.reporting import Hook, verify_and_read
from mailwake.webhooks.told import COMPLAINT, UNSUBSCRIBE, Told

#: What the type alone says.
_ASKED = {EventType.COMPLAINED: COMPLAINT, EventType.UNSUBSCRIBED: UNSUBSCRIBE}
#: Types where the words of another server say why.
_REFUSED = (EventType.BOUNCED, EventType.DEFERRED)


class WebhookReader:
    """Reads bodies and says what each means.

    Args:
        bounces: decides what a refusal means.
        secrets: what calls are checked with; None: they are not.
        url: the public URL, which Mandrill signs.
        now: microseconds since 1970.
    """

    def __init__(self, bounces: Bounces, secrets: Secrets | None, *, url: str, now: int) -> None:
        self._bounces, self._secrets, self._url, self._now = bounces, secrets, url, Micros(now)

    def events(self, esp: str, body: bytes, headers: Mapping[str, str]) -> list[dict[str, Any]]:
        """The events of one call.

        Raises:
            BadInput: there is no such ESP.
            Refused: the call does not prove where it comes from.
            Unreadable: it is no report on mail that was sent.
        """
        name = esp_named(esp)
        if name not in ESPS:
            raise BadInput(f"there is no ESP {esp!r}; there are {', '.join(ESPS)}")
        call = Call(method="POST", url=self._url, headers=headers, body=body, received_at=self._now)
        return [self._as_dict(name, told) for told in self._told(name, call)]

    def lines(self, raw: bytes, esp: str) -> Iterator[dict[str, Any]]:
        """An answer for each line: id, events, and why it was refused."""
        for line in raw.splitlines():
            if line.strip():
                yield self._line(line, esp)

    def _line(self, raw: bytes, esp: str) -> dict[str, Any]:
        answer: dict[str, Any] = {"id": None, "events": [], "refused": None}
        try:
            line = load_object(raw)
            given, body = line.raw("headers"), line.raw("body")
            headers = (
                {str(name).lower(): str(value) for name, value in given.items()} if isinstance(given, dict) else {}
            )
            headers.setdefault("content-type", line.text("content_type") or "application/json")
            answer["id"] = line.text("id") or None
            answer["events"] = self.events(line.text("esp") or esp, str(body or "").encode(), headers)
        except MailwakeError as fault:
            answer["refused"] = str(fault)
        return answer

    def _told(self, esp: str, call: Call) -> tuple[Told, ...]:
        if self._secrets is None:
            return tuple(ESPS[esp].read(call))
        reading = verify_and_read(Hook(esp=esp, name="", url=call.url, secrets=self._secrets), call)
        if reading.problem:
            raise Unreadable(reading.problem)
        return reading.told

    def _as_dict(self, esp: str, told: Told) -> dict[str, Any]:
        """One event. The action follows as in the pipeline; what is only put off never suppresses."""
        said = _ASKED.get(told.type) or told.category or ""
        decision = self._bounces.reported(said, told.words)
        decides = bool(said) or (told.type in _REFUSED and bool(told.words))
        acts = decides and (told.type is not EventType.DEFERRED or decision.klass == "complaint")
        return {
            "esp": esp,
            "type": str(told.type),
            "at": None if told.at is None else datetime.fromtimestamp(told.at / SECOND, UTC).isoformat(),
            "id": told.id or None,
            "address": told.address or None,
            "message_id": told.message_id or None,
            "category": decision.category if decides else None,
            "class": decision.klass if decides else "none",
            "action": decision.action if acts else "never",
            "status": told.status or None,
            "smtp": told.smtp or None,
            "diagnostic": told.diagnostic or None,
            "url": told.url or None,
            "ip": told.ip or None,
            "user_agent": told.user_agent or None,
        }
