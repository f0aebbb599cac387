"""Passwords: Argon2id, the same work for whoever is there and whoever is not, and a bound on how many at once.

Source: RFC 9106; the parameters are OWASP's Password Storage Cheat Sheet with more memory; NIST SP 800-63B, section
3.1.1.2, for what a password has to be: long, not a known one, and of no prescribed kinds of letters.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from mailwake.errors import BadInput, Unavailable

MEMORY_KIB, TIME, LANES = 64 * 1024, 3, 1
MIN_CHARS, MAX_BYTES = 12, 1_000
NO_TEXT = "a password must be UTF-8 text; set your terminal, or what writes the password, to UTF-8"
#: Each takes 64 MiB and a tenth of a second; more at once would only take the memory of everything else.
_AT_ONCE = 2
_WAIT_SECONDS = 10.0
_hasher = PasswordHasher(time_cost=TIME, memory_cost=MEMORY_KIB, parallelism=LANES, type=Type.ID)
_places = threading.BoundedSemaphore(_AT_ONCE)


def hashed(password: str) -> str:
    """A password as it is kept, in PHC form.

    Raises:
        Unavailable: too many are being checked just now.
    """
    with _place():
        return _hasher.hash(password)


def fits(password: str, kept: str | None) -> bool:
    """Whether a password is the one that is kept; where none is kept, the same work and no.

    Raises:
        Unavailable: too many are being checked just now.
    """
    with _place():
        try:
            _hasher.verify(kept or _nobodys(), password[:MAX_BYTES])
        except (VerificationError, InvalidHashError):
            return False
    return kept is not None


def is_old(kept: str) -> bool:
    """Whether a hash was made with weaker parameters than are used now."""
    return _hasher.check_needs_rehash(kept)


def chosen(password: str, name: str) -> str:
    """A password that may be used.

    Args:
        password: as it was typed.
        name: of the account, which it must not be.

    Raises:
        BadInput: it is too short, too long, no UTF-8 text, or what anybody would try first.
    """
    if len(password) < MIN_CHARS:
        raise BadInput(f"a password has at least {MIN_CHARS} characters; a few words in a row are a good one")
    if len(_raw(password)) > MAX_BYTES:
        raise BadInput(f"a password has at most {MAX_BYTES} bytes")
    plain = password.casefold()
    first = name.casefold().partition("@")[0]
    if len(set(plain)) < 5 or plain in (name.casefold(), first * 2) or "mailwake" in plain:
        raise BadInput("that password is one that anybody would try first; choose another one")
    return password


def _raw(password: str) -> bytes:
    try:
        return password.encode()
    except UnicodeEncodeError:  # bytes of a terminal or a pipe that are none, kept as lone surrogates
        raise BadInput(NO_TEXT) from None


def invented() -> str:
    """A password for somebody who changes it at once: 20 letters and digits, 100 bits."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(5)) for _ in range(4))


@cache
def _nobodys() -> str:
    return _hasher.hash(secrets.token_urlsafe(32))


@contextmanager
def _place() -> Iterator[None]:
    if not _places.acquire(timeout=_WAIT_SECONDS):
        raise Unavailable("too many people are logging in just now; try again", retry_after_seconds=_WAIT_SECONDS)
    try:
        yield
    finally:
        _places.release()
