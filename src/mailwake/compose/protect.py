"""Which messages must not be touched at all, because something in them vouches for their bytes or hides them."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum

from mailwake.markup.mime import Entity


class Untouched(StrEnum):
    """Why a whole message passes as it is."""

    #: S/MIME or PGP vouches for its bytes
    SIGNED = "signed"
    #: nobody but the reader can see into it
    ENCRYPTED = "encrypted"
    #: a DKIM-Signature vouches for its body; sign after the relay, not before
    DKIM_SIGNED = "dkim_signed"
    #: it has been through here before
    ALREADY_TRACKED = "already_tracked"
    #: does not start with a header
    NOT_A_MESSAGE = "not_a_message"
    #: a delivery or disposition report, written for programs
    REPORT = "report"
    #: has no HTML part that is shown
    NO_HTML = "no_html"
    #: an AMP document only
    AMP = "amp"
    #: charset or transfer encoding is unknown, or its bytes can be read in more than one way
    ENCODING = "encoding"
    #: HTML without a link, and no place for a pixel
    EMPTY = "empty"
    #: neither opens nor clicks may be tracked
    OFF = "off"


#: Of these not a byte may change, headers included.
SEALED = frozenset(
    (
        Untouched.SIGNED,
        Untouched.ENCRYPTED,
        Untouched.DKIM_SIGNED,
        Untouched.ALREADY_TRACKED,
        Untouched.NOT_A_MESSAGE,
        Untouched.REPORT,
    )
)
_SIGNED_TYPES = frozenset(
    f"{kind}{name}" for kind in ("application/", "application/x-") for name in ("pkcs7-signature", "pgp-signature")
) | {"multipart/signed"}
_ENCRYPTED_TYPES = frozenset(
    f"{kind}{name}" for kind in ("application/", "application/x-") for name in ("pkcs7-mime", "pgp-encrypted")
) | {"multipart/encrypted"}
_ARMOUR = b"-----BEGIN PGP"
_INLINE_PGP = re.compile(rb"(?:^|[\r\n>])-----BEGIN PGP (SIGNED )?MESSAGE-----")


def protection(
    message: Entity, raw: bytes, read: Callable[[Entity], bytes | None], *, dkim_signed: bool
) -> Untouched | None:
    """Why not a byte of a message may change; None when it may.

    Args:
        message: its places.
        raw: its bytes.
        read: decodes the body of a part; None where it cannot be.
        dkim_signed: whether the sender accepts that a DKIM-Signature breaks.
    """
    for entity in message.walk():
        kind = entity.content_type
        if kind in _ENCRYPTED_TYPES:
            signed_only = "signed" in entity.parameters.get("smime-type", "").lower()
            return Untouched.SIGNED if signed_only else Untouched.ENCRYPTED
        if kind in _SIGNED_TYPES:
            return Untouched.SIGNED
        inline = _inline_pgp(entity, raw, read) if kind.startswith("text/") else None
        if inline:
            return inline
    if message.content_type == "multipart/report":
        return Untouched.REPORT
    if (message.header("x-mailwake") or "").lower().startswith(("tracked", "untouched")):
        return Untouched.ALREADY_TRACKED
    if not dkim_signed and message.header("dkim-signature") is not None:
        return Untouched.DKIM_SIGNED
    return None


def _inline_pgp(entity: Entity, raw: bytes, read: Callable[[Entity], bytes | None]) -> Untouched | None:
    """PGP armour at the start of a line of text (RFC 9580, 6.2 and 7)."""
    if entity.encoding == "base64":
        body = read(entity) if entity.disposition != "attachment" else None
        if body is None or _ARMOUR not in body:
            return None
    elif raw.find(_ARMOUR, entity.body_start, entity.body_end) < 0 or entity.disposition == "attachment":
        return None
    else:
        body = raw[entity.body_start : entity.body_end]
    found = _INLINE_PGP.search(body)
    if not found:
        return None
    return Untouched.SIGNED if found[1] else Untouched.ENCRYPTED
