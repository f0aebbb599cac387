"""What a webhook of a rule says; under the same id whenever the same thing is told."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from mailwake.events import SECOND, Micros
from mailwake.notifying import signing
from mailwake.notifying.endpoints import Endpoint
from mailwake.store.workflows import RuleEntry

#: what is told of the evidence
_FACTS = ("trigger", "label", "href", "role", "mail", "p_human", "score", "count", "reason")


def body_of(entry: RuleEntry, address: str | None, *, kind: str) -> tuple[str, bytes]:
    """The id and the body of one webhook.

    Args:
        entry: what is told.
        address: whom it is about; None: they were forgotten.
        kind: workflow.entered or workflow.withdrawn.
    """
    digest = hashlib.blake2b(f"{kind} {entry.rule} {entry.event}".encode(), digest_size=16).hexdigest()
    data = {
        "rule": entry.rule,
        "version": entry.version,
        "event": str(entry.event),
        "address": address,
        "happened_at": datetime.fromtimestamp(entry.at / SECOND, UTC),
        **{name: entry.facts.get(name) for name in _FACTS},
    }
    at = datetime.fromtimestamp(entry.due_at / SECOND, UTC)
    return f"msg_{digest}", msgspec.json.encode({"type": kind, "timestamp": at, "data": data})


def headers_of(message: str, body: bytes, endpoint: Endpoint, now: Micros) -> Mapping[str, str]:
    """What the webhook carries."""
    return signing.headers(message, now // SECOND, body, endpoint.keys)
