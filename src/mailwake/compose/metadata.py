"""The header through which an ESP gives our unsubscribe URL back in its webhooks, so that they name the copy.

What the program has set stays, byte for byte: ours goes into its JSON beside it, or, where that is no JSON object,
nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from mailwake.compose.copy import Copy, Slot
from mailwake.errors import Misconfigured
from mailwake.markup.mime import Entity

KEY = "mailwake"
_OBJECT = re.compile(rb"\s*\{\s*(\})?")


@dataclass(frozen=True, kw_only=True)
class Carrier:
    """Where an ESP takes metadata from a mail that comes by SMTP."""

    header: str
    #: the object inside the header's own that metadata stands in; empty: the header's own
    inside: str = ""
    #: the header is the value itself, no JSON, and must be short: without https://
    is_plain: bool = False


#: The ESPs that are not here give headers back by themselves (ses, resend) or take no metadata by SMTP that could hold
#: a URL (mailersend, postal: none was found documented). The pages named are the vendors' own; they were not readable
#: when this was written, so the names are those that public code uses, and what is marked * stands in no such code.
CARRIERS: Mapping[str, Carrier] = {
    # https://www.twilio.com/docs/sendgrid/for-developers/sending-email/building-an-x-smtpapi-header
    "sendgrid": Carrier(header="X-SMTPAPI", inside="unique_args"),
    # https://documentation.mailgun.com/docs/mailgun/user-manual/sending-messages/send-smtp
    "mailgun": Carrier(header="X-Mailgun-Variables"),
    # https://postmarkapp.com/support/article/1125-custom-metadata-faq; * at most 80 characters
    "postmark": Carrier(header=f"X-PM-Metadata-{KEY}", is_plain=True),
    # https://developers.sparkpost.com/api/smtp
    "sparkpost": Carrier(header="X-MSYS-API", inside="metadata"),
    # https://mailchimp.com/developer/transactional/docs/smtp-integration/#x-mc-metadata
    "mandrill": Carrier(header="X-MC-Metadata"),
    # https://dev.mailjet.com/smtp-relay/custom-headers
    "mailjet": Carrier(header="X-MJ-EventPayload"),
    # https://developers.brevo.com/docs/transactional-webhooks, which gives it back under this name
    "brevo": Carrier(header="X-Mailin-custom"),
    # https://docs.mailtrap.io/email-api-smtp: custom variables, at most 1,000 bytes
    "mailtrap": Carrier(header="X-MT-Custom-Variables"),
    # https://godocs.unisender.ru/smtp-api; * the object inside is that of the web API
    "unisender-go": Carrier(header="X-UNISENDER-GO", inside="global_metadata"),
}
WITHOUT = ("", "ses", "resend", "mailersend", "postal")


def check_esp(esp: str) -> None:
    """Refuse a name that is no ESP's.

    Raises:
        Misconfigured: it is none.
    """
    if esp not in CARRIERS and esp not in WITHOUT:
        raise Misconfigured("smtp.esp", f"must be one of {', '.join((*CARRIERS, *WITHOUT[1:]))}, or empty")


def carried_header(esp: str, copy: Copy, own: set[str]) -> str:
    """The header line for a mail of ours with these headers, in lower case; empty: none is wanted."""
    carrier = CARRIERS.get(esp)
    if carrier is None or carrier.header.lower() in own or not copy.token.recipient:
        return ""
    before, after = _around(carrier)
    url = copy.unsubscribe_header_url()
    return f"{carrier.header}: {before}{url.partition('://')[2] if carrier.is_plain else url}{after}\r\n"


def with_metadata(
    head: bytes, message: Entity, esp: str, copy: Copy, *, may_edit: bool = True
) -> tuple[list[bytes | int], list[bytes | int]]:
    """The message's header, with ours put into one that is there; and the line to add where none is.

    Args:
        head: all header lines as they are.
        message: its places.
        esp: whose metadata; empty: nobody's.
        copy: whose copy it is.
        may_edit: False: a header that is there stays as it is, because it may be signed.
    """
    carrier = CARRIERS.get(esp)
    if carrier is None or not copy.token.recipient:
        return [head], []
    before, after = _around(carrier)
    base = copy.base.partition("://")[2] if carrier.is_plain else copy.base
    if message.header(carrier.header.lower()) is None:
        return [head], [f"{carrier.header}: {before}{base}/u/".encode(), Slot.HEADER, after.encode()]
    place = _place(head, carrier) if may_edit else None
    if place is None:
        return [head], []
    at, opening, closing = place
    return [head[:at], f"{opening}{base}/u/".encode(), Slot.HEADER, closing.encode(), head[at:]], []


def _around(carrier: Carrier) -> tuple[str, str]:
    if carrier.is_plain:
        return "", ""
    inner = f'{{"{KEY}":"', '"}'
    return inner if not carrier.inside else (f'{{"{carrier.inside}":{inner[0]}', f"{inner[1]}}}")


def _place(head: bytes, carrier: Carrier) -> tuple[int, str, str] | None:
    """Where in the header lines ours goes into the JSON that is there, and what stands around it."""
    line = re.search(rb"(?im)^" + re.escape(carrier.header.encode()) + rb":(?:[^\r\n]|\r?\n[ \t])*", head)
    found = line and _OBJECT.match(head, line.start() + len(carrier.header) + 1)
    if carrier.is_plain or not line or not found or f'"{KEY}"'.encode() in line[0]:
        return None
    inside = carrier.inside and re.search(rf'"{carrier.inside}"\s*:\s*\{{\s*(\}})?'.encode(), line[0])
    if inside:
        at, is_empty = line.start() + inside.end() - bool(inside[1]), bool(inside[1])
        return at, f'"{KEY}":"', '"' if is_empty else '",'
    at, comma = found.end() - bool(found[1]), "" if found[1] else ","
    before, after = _around(carrier)
    return at, before[1:], f"{after[:-1]}{comma}"
