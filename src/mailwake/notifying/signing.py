"""The signature of a webhook, so that whoever gets it knows that it is ours, whole and new.

Source: Standard Webhooks, https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence

from mailwake.errors import Misconfigured

PREFIX = "whsec_"
#: bytes of a secret. Source: as above, "Signature scheme"
_FEWEST, _MOST = 24, 64


def secret_of(text: str, option: str) -> bytes:
    """The key in a secret as it is written down.

    Raises:
        Misconfigured: it is none, or too short.
    """
    try:
        key = base64.b64decode(text.strip().removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not _FEWEST <= len(key) <= _MOST:
        raise Misconfigured(
            option,
            f"a secret is {PREFIX} and the base64 of {_FEWEST} to {_MOST} bytes; `mailwake notify secret` makes one",
        )
    return key


def headers(webhook_id: str, at: int, body: bytes, keys: Sequence[bytes]) -> dict[str, str]:
    """What a webhook carries.

    Args:
        webhook_id: the same whenever the same thing is told.
        at: of this attempt, seconds since 1970.
        body: as it is sent.
        keys: each signs; whoever gets it may know any of them.
    """
    signed = f"{webhook_id}.{at}.".encode() + body
    marks = (base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode() for key in keys)
    return {
        "content-type": "application/json",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(at),
        "webhook-signature": " ".join(f"v1,{mark}" for mark in marks),
    }
