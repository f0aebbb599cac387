"""The envelope of Amazon SNS: who signed it, and that it is from the topic we know.

Source: https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message-verify-message-signature.html
A SubscribeURL is never fetched: whoever gets us to fetch one decides what we are subscribed to.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from http.client import HTTPException
from urllib.request import HTTPRedirectHandler, Request, build_opener

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_pem_x509_certificate

from mailwake.errors import Unavailable, Unreadable
from mailwake.webhooks.call import Call, Refused, Secrets
from mailwake.webhooks.fields import Fields, load_object
from mailwake.webhooks.proofs import check_rsa

#: Where certificates may come from; the pattern leaves no room for another host, user, port, query or path.
CERTIFICATE_URL = re.compile(
    r"https://sns\.[a-z]{2}(?:-[a-z]{2,12}){1,3}-\d{1,2}\.amazonaws\.com(?:\.cn)?/"
    r"SimpleNotificationService-[0-9A-Za-z]{1,64}\.pem"
)
FETCH_SECONDS = 5.0
_MAX_CERTIFICATE_BYTES = 65_536
#: Fields that are signed, in this order, each with its name, where they are there.
_NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_KINDS = {
    "Notification": _NOTIFICATION,
    "SubscriptionConfirmation": _CONFIRMATION,
    "UnsubscribeConfirmation": _CONFIRMATION,
}
_DIGESTS: dict[str, Callable[[], hashes.HashAlgorithm]] = {"1": hashes.SHA1, "2": hashes.SHA256}


def verify(call: Call, secrets: Secrets) -> None:
    """The topic, and RSA over the fields of the envelope with a certificate from Amazon itself.

    Raises:
        Refused: another topic, or the signature does not hold.
        Unavailable: the certificate cannot be had just now.
    """
    try:
        envelope = load_object(call.body)
    except Unreadable as fault:
        raise Refused("form", str(fault)) from None
    kind = envelope.text("Type")
    if kind not in _KINDS:
        raise Refused("form", "this is no SNS message; switch raw message delivery off")
    if call.headers.get("x-amz-sns-message-type", kind) != kind:
        raise Refused("form", "header and body name different types")
    if call.headers.get("x-amz-sns-message-id", envelope.text("MessageId")) != envelope.text("MessageId"):
        raise Refused("form", "header and body name different messages")
    if not secrets.topic_arn or envelope.text("TopicArn") != secrets.topic_arn:
        raise Refused("source", "it comes from another SNS topic than topic_arn names")
    digest = _DIGESTS.get(envelope.text("SignatureVersion"))
    if digest is None or not envelope.text("Signature"):
        raise Refused("missing", "it carries no signature that SNS makes")
    url = envelope.text("SigningCertURL")
    if not CERTIFICATE_URL.fullmatch(url):
        raise Refused("source", "its certificate is not Amazon's")
    key = _key((secrets.fetch or CERTIFICATES.get)(url))
    check_rsa([key], envelope.text("Signature"), signed_text(envelope), digest())


def signed_text(envelope: Fields) -> bytes:
    """The bytes that SNS signs: names and values, each on a line."""
    names = _KINDS[envelope.text("Type")]
    values = ((name, envelope.raw(name)) for name in names)
    return "".join(f"{name}\n{value}\n" for name, value in values if isinstance(value, str)).encode()


def wants_confirmation(call: Call) -> str:
    """The token of a subscription that somebody has to confirm by hand; empty: nothing of the sort."""
    try:
        envelope = load_object(call.body)
    except Unreadable:
        return ""
    return envelope.text("Token") if envelope.text("Type") == "SubscriptionConfirmation" else ""


def _key(certificate: bytes) -> bytes:
    try:
        key = load_pem_x509_certificate(certificate).public_key()
        return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    except ValueError:
        raise Refused("setup", "Amazon's certificate cannot be read") from None


class _Stay(HTTPRedirectHandler):  # nothing follows from a redirect
    def redirect_request(self, *_: object) -> None:
        return None


class Certificates:
    """Certificates by URL, each fetched once. Amazon changes them by changing the URL."""

    def __init__(self) -> None:
        self._known: dict[str, bytes] = {}

    def get(self, url: str) -> bytes:
        """The certificate behind a URL that fits `CERTIFICATE_URL`.

        Raises:
            Unavailable: it cannot be fetched.
        """
        if url not in self._known:
            if len(self._known) >= 32:
                self._known.clear()
            self._known[url] = _fetch(url)
        return self._known[url]


def _fetch(url: str) -> bytes:
    try:
        with build_opener(_Stay).open(Request(url), timeout=FETCH_SECONDS) as answer:  # noqa: S310 - https, by pattern
            return bytes(answer.read(_MAX_CERTIFICATE_BYTES))
    except (OSError, HTTPException) as fault:
        raise Unavailable(f"cannot fetch Amazon's certificate: {type(fault).__name__}") from None


CERTIFICATES = Certificates()
