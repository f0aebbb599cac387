"""An ID token, read: by whom, for whom, for this log-in, and not too old.

Source: OpenID Connect Core 1.0, section 3.1.3.7; RFC 8725, section 3 (algorithms)
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwt import JWTClaimsRegistry

from mailwake.errors import Untrusted
from mailwake.oidc.provider import Provider
from mailwake.tokens import decode

#: what tokens may be signed with; no shared secret, and never nothing
ALGORITHMS = ("RS256", "ES256")
#: between their clock and ours
LEEWAY_SECONDS = 60
#: since it was made
MAX_AGE_SECONDS = 600
_MAX_CHARS = 16_384
#: of a claim that names somebody
_MAX_NAME_CHARS = 255
_MAX_GROUPS = 500


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Whom a provider vouches for. Issuer and subject together are who it is, for good; the rest may change."""

    issuer: str
    subject: str
    #: empty: not told, or nobody knows that it is theirs
    email: str
    email_verified: bool
    #: of which they are a member
    groups: Collection[str] = field(default_factory=frozenset)


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What a token has to say."""

    client_id: str
    nonce: str
    #: claim that holds groups
    groups_claim: str
    #: seconds since 1970
    now: int


def identity_in(token: str, provider: Provider, expected: Expected) -> Identity:
    """Who a token is about.

    Raises:
        Untrusted: it does not hold; its reason is one word of token, algorithm, key, signature, issuer, audience,
            expired, nonce or subject.
        Unavailable: the provider does not tell its keys.
    """
    claims = _claims(token, provider)
    _check(claims, provider.issuer, expected)
    email, is_verified = claims.get("email"), claims.get("email_verified") is True
    return Identity(
        issuer=provider.issuer,
        subject=claims["sub"],
        email=email.strip() if isinstance(email, str) and is_verified and len(email) <= 320 else "",
        email_verified=is_verified,
        groups=_groups(claims.get(expected.groups_claim)),
    )


def _claims(token: str, provider: Provider) -> Mapping[str, Any]:
    """What is signed."""
    if len(token) > _MAX_CHARS or token.count(".") != 2:
        raise Untrusted("token")
    header = _header(token.partition(".")[0])
    algorithm, kid = header.get("alg"), header.get("kid", "")
    if algorithm not in ALGORITHMS or "crit" in header:
        raise Untrusted("algorithm")
    if not isinstance(kid, str):
        raise Untrusted("key")
    # The key that the token brings along (jwk, jku, x5c, x5u) is nobody's: only those that the provider shows count.
    key = provider.key(kid, algorithm)
    try:
        return jwt.decode(token, key, algorithms=[algorithm]).claims
    except (JoseError, ValueError):
        raise Untrusted("signature") from None


def _header(text: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(decode(text), type=dict[str, Any])
    except (Untrusted, msgspec.DecodeError, RecursionError):
        raise Untrusted("token") from None


def _check(claims: Mapping[str, Any], issuer: str, expected: Expected) -> None:
    if claims.get("iss") != issuer:
        raise Untrusted("issuer")
    audience, party = claims.get("aud"), claims.get("azp")
    audiences = [audience] if isinstance(audience, str) else audience
    if not isinstance(audiences, list) or expected.client_id not in audiences:
        raise Untrusted("audience")
    if (len(audiences) > 1 or party is not None) and party != expected.client_id:
        raise Untrusted("audience")
    if not isinstance(claims.get("nonce"), str) or claims["nonce"] != expected.nonce:
        raise Untrusted("nonce")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= _MAX_NAME_CHARS:
        raise Untrusted("subject")
    _check_times(claims, expected.now)


def _check_times(claims: Mapping[str, Any], now: int) -> None:
    registry = JWTClaimsRegistry(now=now, leeway=LEEWAY_SECONDS, exp={"essential": True}, iat={"essential": True})
    try:
        registry.validate(dict(claims))
    except JoseError:
        raise Untrusted("expired") from None
    made, ends = claims["iat"], claims["exp"]
    if any(isinstance(each, bool) or not isinstance(each, int | float) for each in (made, ends)):
        raise Untrusted("expired")
    if now - made > MAX_AGE_SECONDS + LEEWAY_SECONDS:
        raise Untrusted("expired")


def _groups(told: object) -> frozenset[str]:
    if isinstance(told, str):
        return frozenset((told[:_MAX_NAME_CHARS],))
    if not isinstance(told, list):
        return frozenset()
    return frozenset(each for each in told[:_MAX_GROUPS] if isinstance(each, str) and len(each) <= _MAX_NAME_CHARS)
