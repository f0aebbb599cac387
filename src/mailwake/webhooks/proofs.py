"""The ways in which ESPs prove a call, each in constant time and on the bytes as they came."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import ipaddress
from collections.abc import Callable, Iterable
from contextlib import suppress

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key, load_pem_public_key

from mailwake.events import SECOND, Micros
from mailwake.webhooks.call import TOLERANCE_SECONDS, Call, Refused, Secrets

#: Where a token may stand that an ESP was given to send along. The second is SparkPost's own name for it.
_TOKEN_HEADERS = ("x-mailwake-token", "x-messagesystems-webhook-token")


def header(call: Call, name: str) -> str:
    """A header that has to be there.

    Raises:
        Refused: it is not.
    """
    value = call.headers.get(name.lower(), "").strip()
    if not value:
        raise Refused("missing", f"the header {name} is missing")
    return value


def same(given: str, wanted: str) -> bool:
    """Equal or not, in a time that tells neither."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode("utf-8", "replace"))


def check_any(given: str, wanted: Iterable[str], what: str) -> None:
    """One of several values, all of them looked at.

    Raises:
        Refused: it is none of them.
    """
    if not any([same(given, each) for each in wanted]):  # noqa: C419 - a list, so that none is left out
        raise Refused("signature", f"{what} is wrong; check the secret of this hook")


def hmac_hex(key: str, content: bytes) -> str:
    """HMAC-SHA256 in hexadecimal."""
    return hmac.new(key.encode(), content, hashlib.sha256).hexdigest()


def hmac_base64(key: bytes, content: bytes, digest: str = "sha256") -> str:
    """HMAC in base64."""
    return base64.b64encode(hmac.digest(key, content, digest)).decode("ascii")


def unbase64(text: str) -> bytes:
    """Bytes behind base64.

    Raises:
        Refused: it is none.
    """
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Refused("form", "the signature is no base64") from None


def check_age(signed_at: Micros | None, call: Call) -> None:
    """A signed time close to now.

    Raises:
        Refused: it is none, or not close.
    """
    if signed_at is None:
        raise Refused("form", "the signed time cannot be read")
    if abs(call.received_at - signed_at) > TOLERANCE_SECONDS * SECOND:
        raise Refused("stale", f"the signed time is more than {TOLERANCE_SECONDS} s from now; check both clocks")


def check_source(call: Call, secrets: Secrets) -> None:
    """A client in one of the networks, where any are named.

    Raises:
        Refused: it is in none.
    """
    if not secrets.networks:
        return
    with suppress(ValueError):
        peer = ipaddress.ip_address(call.peer)
        if any(peer in ipaddress.ip_network(each, strict=False) for each in secrets.networks):
            return
    raise Refused("source", "it comes from a network that this hook does not name")


def check_password(call: Call, secrets: Secrets) -> None:
    """``user:password`` by basic auth, or a token by bearer auth or in a header; and the network.

    Raises:
        Refused: it is missing or wrong.
    """
    check_source(call, secrets)
    kind, _, value = call.headers.get("authorization", "").strip().partition(" ")
    given = value.strip() if kind.lower() == "bearer" else ""
    if kind.lower() == "basic":
        with suppress(ValueError):
            given = base64.b64decode(value.strip(), validate=True).decode("utf-8")
    given = given or next((found for name in _TOKEN_HEADERS if (found := call.headers.get(name, "").strip())), "")
    if not given:
        raise Refused("missing", "the call carries no password or token")
    check_any(given, secrets.values, "the password or token")


def check_rsa(keys: Iterable[bytes], signature: str, content: bytes, digest: hashes.HashAlgorithm) -> None:
    """RSA with PKCS #1 v1.5 padding, by any of the keys.

    Raises:
        Refused: by none of them.
    """

    def holds(key: object, signed: bytes) -> None:
        if not isinstance(key, rsa.RSAPublicKey):
            raise Refused("setup", "the key of this hook is no RSA key")
        key.verify(signed, content, padding.PKCS1v15(), digest)

    _check_keys(keys, signature, holds)


def check_ecdsa(keys: Iterable[bytes], signature: str, content: bytes) -> None:
    """ECDSA with SHA-256, by any of the keys.

    Raises:
        Refused: by none of them.
    """

    def holds(key: object, signed: bytes) -> None:
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise Refused("setup", "the key of this hook is no elliptic-curve key")
        key.verify(signed, content, ec.ECDSA(hashes.SHA256()))

    _check_keys(keys, signature, holds)


def _check_keys(keys: Iterable[bytes], signature: str, holds: Callable[[object, bytes], None]) -> None:
    signed = unbase64(signature)
    for each in keys:
        with suppress(InvalidSignature):
            holds(public_key(each), signed)
            return
    raise Refused("signature", "the signature is wrong; check the key of this hook")


def public_key(text: bytes) -> object:
    """A public key as PEM, or as the base64 of its DER form, which ESPs show in one line.

    Raises:
        Refused: it is neither.
    """
    try:
        return load_pem_public_key(text) if b"-----BEGIN" in text else load_der_public_key(base64.b64decode(text))
    except (ValueError, UnsupportedAlgorithm):
        raise Refused("setup", "the key of this hook cannot be read; paste the ESP's public key") from None
