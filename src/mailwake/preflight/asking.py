"""A message that somebody pastes or sends to the dashboard, judged with what the installation knows of itself."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address

from mailwake.errors import BadInput, Misconfigured
from mailwake.events import Micros
from mailwake.hosts import Hosts
from mailwake.preflight.examine import examine
from mailwake.preflight.names import is_mailbox
from mailwake.preflight.relayed import as_relayed
from mailwake.preflight.surroundings import Surroundings, around_installation, online_ways
from mailwake.preflight.telling import Answer, answer
from mailwake.settings import Settings

#: What may be asked for beside the message; each is what the option of `mailwake preflight` is.
BOXES = ("relayed", "transactional", "signed_later", "offline")
#: What may be said beside it; the same.
TEXTS = ("envelope_sender", "sending_address")


def judged(raw: bytes, given: Mapping[str, str], settings: Settings | None, *, now: Micros) -> Answer:
    """What preflight says of a message.

    Args:
        raw: its bytes.
        given: what was said beside it, of `BOXES` and `TEXTS`.
        settings: of the installation; None: none is known.
        now: microseconds since 1970.

    Raises:
        BadInput: nobody knows what the relay would make of it, or an address is none.
        Misconfigured: the DNS cannot be asked from here.
    """
    boxes = ticked(given)
    around = _around(settings, datetime.fromtimestamp(now / 1_000_000, UTC), online="offline" not in boxes)
    around = replace(around, is_transactional="transactional" in boxes, signed_later="signed_later" in boxes)
    around = sent_by(around, *(given.get(name, "") for name in TEXTS))
    if "relayed" in boxes:
        if settings is None or around.installation is None:
            raise BadInput("this dashboard knows no keys, so nobody can say what its relay would make of it")
        raw = as_relayed(raw, around, settings.ceiling)
    return answer(examine(raw, around))


def ticked(given: Mapping[str, str]) -> frozenset[str]:
    """Of `BOXES`, those that were."""
    return frozenset(box for box in BOXES if given.get(box) in ("yes", "true", "1"))


def sent_by(around: Surroundings, sender: str, address: str) -> Surroundings:
    """With an envelope sender and the IP address that receivers will see; empty: what is known without.

    Raises:
        BadInput: one of them is none.
    """
    if sender and not is_mailbox(sender):
        raise BadInput(f"the envelope sender {sender[:320]!r} is no address; write it as bounces@example.com")
    try:
        seen = str(ip_address(address)) if address else around.sending_address
    except ValueError:
        raise BadInput(f"the sending address {address[:80]!r} is no IP address; write it as 203.0.113.7") from None
    return replace(around, envelope_sender=sender, sending_address=seen)


def message_in(given: Mapping[str, str]) -> bytes:
    """The message of an object that a program sent.

    Raises:
        BadInput: there is no message in it.
    """
    text, coded = given.get("message", ""), given.get("base64", "")
    try:
        raw = base64.b64decode(coded, validate=True) if coded else text.encode("utf-8", "surrogateescape")
    except (binascii.Error, ValueError):
        raise BadInput('"base64" is not base64 (RFC 4648); send the message as "message" where it is text') from None
    if not raw.strip():
        raise BadInput('there is no message; send {"message": "From: …"}, or its bytes as {"base64": "…"}')
    return raw


def _around(settings: Settings | None, now: datetime, *, online: bool) -> Surroundings:
    try:
        hosts = None if settings is None else Hosts.load(settings)
    except Misconfigured:  # a dashboard over stores alone has no keys, and all links are strangers' to it
        hosts = None
    if settings is None or hosts is None:
        return Surroundings(now=now, **(online_ways() if online else {}))
    return around_installation(settings, hosts, now=now, online=online)
