"""What a key of a program looks like: ``mwk_<env>_<id>_<secret>_<check>``.

The first letters let scanners of public repositories know it; the check lets them, and us, tell a key from a slip
without asking anybody. Source: GitHub's "Behind GitHub's new authentication token formats" (2021), for the form and the
checksum. The secret has 43 letters and digits, 256 bits, so a plain SHA-256 keeps it.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import zlib

from mailwake.errors import BadInput

_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ID_CHARS, SECRET_CHARS, CHECK_CHARS = 8, 43, 6
_ENV = re.compile(r"[a-z0-9]{1,12}")
_KEY = re.compile(rf"(mwk_[a-z0-9]{{1,12}}_([a-z0-9]{{{ID_CHARS}}})_[0-9A-Za-z]{{{SECRET_CHARS}}})_([0-9A-Za-z]{{6}})")
#: what a key begins with, wherever it stands
MARK = "mwk_"
#: what stands in the header Authorization before a key, and before the secret of a command of this installation
BEARER, LOCAL = "Bearer ", "Mailwake-Local "


def new_key(env: str) -> tuple[str, str]:
    """A key, and its id.

    Args:
        env: what it is for, such as live or test.

    Raises:
        BadInput: `env` is no short lower-case word.
    """
    if not _ENV.fullmatch(env):
        raise BadInput(f"the environment {env[:40]!r} has to be 1 to 12 lower-case letters and digits, such as live")
    number = "".join(secrets.choice(_LETTERS[:10] + _LETTERS[36:]) for _ in range(ID_CHARS))
    secret = "".join(secrets.choice(_LETTERS) for _ in range(SECRET_CHARS))
    body = f"{MARK}{env}_{number}_{secret}"
    return f"{body}_{_check(body)}", number


def id_in(key: str) -> str | None:
    """The id of what has the form of a key; None: it has not."""
    found = _KEY.fullmatch(key)
    return found[2] if found and secrets.compare_digest(_check(found[1]), found[3]) else None


def key_hash(key: str) -> bytes:
    """A key as it is kept: 32 bytes."""
    return hashlib.sha256(key.encode()).digest()


def _check(body: str) -> str:
    """CRC-32 in base 62, six letters."""
    number, told = zlib.crc32(body.encode()), ""
    for _ in range(CHECK_CHARS):
        number, place = divmod(number, len(_LETTERS))
        told = _LETTERS[place] + told
    return told
