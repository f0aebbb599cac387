"""Second factors: codes of six digits that a phone works out from a secret and the time.

Source: RFC 6238 with the values that authenticator apps take for granted: SHA-1, 30 seconds, six digits.
"""

from __future__ import annotations

import hmac
import re

import pyotp

STEP_SECONDS = 30
#: A phone's clock may be one step off, either way.
_AROUND = (0, -1, 1)
_CHARS = 6
_SECRET = re.compile(r"[A-Z2-7]{32}")


def invented() -> str:
    """A secret: 160 bits in base32."""
    return pyotp.random_base32()


def address(secret: str, name: str, issuer: str) -> str:
    """What an app takes a secret from: an otpauth address.

    Args:
        secret: in base32.
        name: of the account.
        issuer: of the installation; apps show it beside the name.
    """
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=issuer)


def is_secret(text: str) -> bool:
    """Whether a text could be a secret of ours."""
    return _SECRET.fullmatch(text) is not None


def step_of(secret: str, code: str, seconds: float) -> int | None:
    """The step of time that a code is of, as far as steps around now go; None: it is no code of these.

    Args:
        secret: in base32.
        code: as it was typed; blanks in it do not count.
        seconds: since 1970.
    """
    typed = "".join(code.split())
    if len(typed) != _CHARS or not typed.isascii():
        return None
    totp, now = pyotp.TOTP(secret), int(seconds // STEP_SECONDS)
    steps = [now + off for off in _AROUND]
    fits = [step for step in steps if hmac.compare_digest(totp.generate_otp(step), typed)]
    return fits[0] if fits else None
