"""Who may send: logins and how often somebody may guess, encryption, and the refusal to serve strangers."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
import ssl
from collections.abc import Mapping

from mailwake.errors import Misconfigured
from mailwake.guesses import Guesses
from mailwake.settings import Settings


class Logins:
    """User names and passwords.

    Args:
        passwords: user name to password.
    """

    def __init__(self, passwords: Mapping[str, bytes]) -> None:
        self._salt = secrets.token_bytes(16)
        self._digests = {name: self._digest(password) for name, password in passwords.items()}
        self._nobody = secrets.token_bytes(32)
        self._guesses = Guesses()

    def __len__(self) -> int:
        return len(self._digests)

    def may_try(self, source: str, name: str, *, now: float) -> bool:
        """Whether another password is looked at. Others at this address, and this user elsewhere, do not suffer.

        Args:
            source: address of the client.
            name: of the user.
            now: seconds of any clock that does not jump.
        """
        return self._guesses.may_try((source, name), now)

    def fits(self, source: str, name: str, password: bytes, *, now: float) -> bool:
        """Whether this is the user's password; takes as long for users that do not exist."""
        is_known = name in self._digests
        is_right = hmac.compare_digest(self._digests.get(name, self._nobody), self._digest(password))
        if is_known and is_right:
            return True
        self._guesses.note((source, name), now)
        return False

    def _digest(self, password: bytes) -> bytes:
        """Of one length, so that comparing tells nothing about it."""
        return hashlib.blake2b(password, key=self._salt, digest_size=32).digest()


def server_tls(settings: Settings) -> ssl.SSLContext | None:
    """The relay's certificate; None: it has none.

    Raises:
        Misconfigured: the certificate cannot be used.
    """
    if not settings.relay.tls_certificate:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        key = settings.path(settings.relay.tls_key) if settings.relay.tls_key else None
        context.load_cert_chain(settings.path(settings.relay.tls_certificate), key)
    except (OSError, ssl.SSLError) as fault:
        raise Misconfigured("relay.tls_certificate", f"cannot be used: {fault}") from None
    return context


def refuse_open_relay(settings: Settings, *, has_tls: bool) -> None:
    """Refuse to start where strangers could send, or passwords could be overheard.

    Raises:
        Misconfigured: as said.
    """
    if is_loopback(settings.relay.host):
        return
    if not settings.relay.users:
        raise Misconfigured(
            "relay.users", f"anybody could send mail through {settings.relay.host}; add a user, or listen on 127.0.0.1"
        )
    if not has_tls:
        raise Misconfigured(
            "relay.tls_certificate", "passwords would travel in the clear; add a certificate, or listen on 127.0.0.1"
        )


def is_loopback(host: str) -> bool:
    """Nobody beyond this machine reaches this address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
