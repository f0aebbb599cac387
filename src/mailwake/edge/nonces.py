"""Proof that a form was looked at before it was sent: what separates a button press from a crawler's POST.

A nonce names the second of the GET and is tied to one token, so it helps nobody elsewhere. Layout: seconds since 1970
in hexadecimal, a dot, 16 bytes of HMAC-SHA256 in base64url.
"""

from __future__ import annotations

import base64
import hmac

#: A page left open over night still works.
MAX_AGE_SECONDS = 86_400
_TAG_BYTES = 16
#: Twice what one of ours has; a number of thousands of digits is a fault to Python.
_MAX_CHARS = 64


class Nonces:
    """Makes and checks nonces.

    Args:
        key: derived for this purpose alone.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def mint(self, subject: str, *, now_seconds: int) -> str:
        """A nonce for the page of one token."""
        return f"{now_seconds:x}.{self._tag(subject, now_seconds)}"

    def holds(self, nonce: str, subject: str, *, now_seconds: int) -> bool:
        """Whether we minted it for this token, at most a day ago and not in the future."""
        stamp, _, tag = nonce[:_MAX_CHARS].partition(".")
        try:
            minted = int(stamp, 16)
        except ValueError:
            return False
        genuine = hmac.compare_digest(self._tag(subject, minted).encode(), tag.encode())
        return genuine and 0 <= now_seconds - minted <= MAX_AGE_SECONDS

    def _tag(self, subject: str, minted: int) -> str:
        tag = hmac.digest(self._key, f"{minted}\n{subject}".encode(), "sha256")[:_TAG_BYTES]
        return base64.urlsafe_b64encode(tag).rstrip(b"=").decode("ascii")
