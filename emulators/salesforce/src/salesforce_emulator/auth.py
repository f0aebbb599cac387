"""Signing in: JWT bearer and client credentials; sessions end by time, by revocation, or when a test says so.

Sources: https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_jwt_flow.htm,
https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_client_credentials_flow.htm
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from .access import User
from .calls import Answer, Call
from .clock import stamp
from .org import App, Session
from .refusals import NotEmulated

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_AUDIENCES = {"https://login.salesforce.com", "https://test.salesforce.com"}
#: An assertion may live three minutes; clocks may differ by as much again.
_MOST_SECONDS, _SKEW_SECONDS = 180, 180


class Denied(Exception):
    """No token: the OAuth error and what it says."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error, self.description, self.status = error, description, status


def answer(call: Call, session: Callable[[Call], Session]) -> Answer:
    """What the OAuth endpoints and the identity URL answer."""
    try:
        if call.path == "/services/oauth2/token" and call.method == "POST":
            return Answer(body=_token(call), headers={"Cache-Control": "no-store"})
        if call.path == "/services/oauth2/revoke" and call.method in ("POST", "GET"):
            return _revoke(call)
        if call.path == "/services/oauth2/userinfo":
            return Answer(body=_userinfo(call, session(call).user))
        if call.path.startswith("/id/"):
            return Answer(body=_identity(call, session(call).user))
    except Denied as denied:
        return Answer(denied.status, {"error": denied.error, "error_description": denied.description})
    raise NotEmulated(f"{call.method} {call.path}")


def _form(call: Call) -> dict[str, str]:
    return dict(parse_qsl(call.body.decode("utf-8", "replace"))) | call.params


def _token(call: Call) -> dict[str, Any]:
    form = _form(call)
    kind = form.get("grant_type")
    if kind == JWT_BEARER:
        app, user = _by_assertion(call, form.get("assertion", ""))
    elif kind == "client_credentials":
        app, user = _by_secret(call, form)
    elif kind in ("password", "authorization_code", "refresh_token"):
        raise NotEmulated(f"grant type {kind}")
    else:
        raise Denied("unsupported_grant_type", "grant type not supported")
    if not user.is_active:
        raise Denied("invalid_grant", "inactive user")
    return _opened(call, app, user)


def _opened(call: Call, app: App, user: User) -> dict[str, Any]:
    org = call.org
    token = f"{org.id[:15]}!{org.random.getrandbits(320):080x}"
    org.sessions[token] = Session(
        token, user, org.clock.now() + timedelta(seconds=org.settings.session_seconds), app.client_id
    )
    return {
        "access_token": token,
        "scope": "api",
        "instance_url": call.base,
        "id": f"{call.base}/id/{org.id}/{user.id}",
        "token_type": "Bearer",
        "issued_at": str(int(org.clock.now().timestamp() * 1000)),
        "api_instance_url": call.base,
    }


def _by_assertion(call: Call, assertion: str) -> tuple[App, User]:
    try:
        head, payload, signature = assertion.split(".")
        header, claims = json.loads(_unpadded(head)), json.loads(_unpadded(payload))
        signed = _unpadded(signature)
    except (ValueError, binascii.Error):
        raise Denied("invalid_grant", "invalid assertion") from None
    app = call.org.apps.get(claims.get("iss", ""))
    if app is None:
        raise Denied("invalid_client_id", "client identifier invalid")
    if (
        header.get("alg") != "RS256"
        or app.certificate is None
        or not _fits(app.certificate, f"{head}.{payload}".encode(), signed, call)
    ):
        raise Denied("invalid_grant", "invalid assertion")
    if claims.get("aud", "").rstrip("/") not in _AUDIENCES | {call.base}:
        raise Denied("invalid_grant", "audience is invalid")
    left = float(claims.get("exp", 0)) - call.org.clock.now().timestamp()
    if left < -_SKEW_SECONDS or left > _MOST_SECONDS + _SKEW_SECONDS:
        raise Denied("invalid_grant", "assertion is expired" if left < 0 else "invalid assertion")
    user = call.org.users.get(claims.get("sub", ""))
    if user is None or user.username not in app.approved:
        raise Denied("invalid_grant", "user hasn't approved this consumer")
    return app, user


def _unpadded(part: str) -> bytes:
    return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)


def _fits(pem: str, signed: bytes, signature: bytes, call: Call) -> bool:
    key = (
        x509.load_pem_x509_certificate(pem.encode()).public_key()
        if "BEGIN CERTIFICATE" in pem
        else serialization.load_pem_public_key(pem.encode())
    )
    if not isinstance(key, rsa.RSAPublicKey):
        return False
    try:
        key.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return call.org.is_mutated("any_signature")
    return True


def _by_secret(call: Call, form: dict[str, str]) -> tuple[App, User]:
    host = call.headers.get("host", "")
    if host.startswith(("login.", "test.")):
        raise Denied("invalid_grant", "request not supported on this domain")
    client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
    kind, _, basic = call.headers.get("authorization", "").partition(" ")
    if kind.lower() == "basic":
        client_id, _, secret = base64.b64decode(basic).decode("utf-8", "replace").partition(":")
    app = call.org.apps.get(client_id)
    if app is None:
        raise Denied("invalid_client_id", "client identifier invalid")
    if app.client_secret is None or not hmac.compare_digest(app.client_secret, secret):
        raise Denied("invalid_client", "invalid client credentials")
    user = call.org.users.get(app.run_as or "")
    if user is None:
        raise Denied("invalid_grant", "no client credentials user enabled")
    return app, user


def _revoke(call: Call) -> Answer:
    token = _form(call).get("token", "")
    if call.org.sessions.pop(token, None) is None:
        raise Denied("unsupported_token_type", "this token is not known")
    return Answer(200)


def _userinfo(call: Call, user: User) -> dict[str, Any]:
    return {
        "sub": f"{call.base}/id/{call.org.id}/{user.id}", "user_id": user.id, "organization_id": call.org.id,
        "preferred_username": user.username, "name": user.name, "email": user.username, "active": user.is_active,
        "urls": {"rest": f"{call.base}/services/data/v{{version}}/",
        "sobjects": f"{call.base}/services/data/v{{version}}/sobjects/",
                 "query": f"{call.base}/services/data/v{{version}}/query/"},
    }  # fmt: skip


def _identity(call: Call, user: User) -> dict[str, Any]:
    return {
        "id": f"{call.base}{call.path}", "asserted_user": True, "user_id": user.id, "organization_id": call.org.id,
        "username": user.username, "display_name": user.name, "email": user.username, "active": user.is_active,
        "user_type": "STANDARD", "urls": _userinfo(call, user)["urls"],
        "last_modified_date": stamp(call.org.clock.now()),
    }  # fmt: skip
