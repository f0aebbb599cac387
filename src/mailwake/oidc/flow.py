"""Leads a browser to the provider and back.

What belongs to one log-in (state, nonce, the secret of PKCE) travels in a cookie of the browser that began it, signed,
so that nobody else's browser can end it and nothing of it is kept here.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

import msgspec
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from mailwake.errors import Untrusted
from mailwake.oidc.checking import Expected, Identity, identity_in
from mailwake.oidc.provider import Provider
from mailwake.tokens import decode, encode

#: from the way out until the way back: somebody may have to look for a second factor
MAX_SECONDS = 600
_MAX_CODE_CHARS = 2_048


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    """One log-in under way; what the cookie holds."""

    state: str
    nonce: str
    verifier: str
    #: path that was asked for
    back_to: str
    #: seconds since 1970
    at: int


@dataclass(frozen=True, kw_only=True)
class Client:
    """Who we are to the provider."""

    id: str
    #: empty: none, PKCE alone proves it
    secret: str = field(default="", repr=False)
    #: where it sends browsers back to, to the letter
    redirect_uri: str
    scopes: tuple[str, ...] = ("openid", "email", "profile")
    groups_claim: str = "groups"
    #: of verified addresses that may come in, lower case; empty: any, and no address is needed
    domains: frozenset[str] = frozenset()


class Flow:
    """One provider, one client.

    Args:
        provider: to whom browsers are led.
        client: who we are.
        key: that cookies are signed with, 32 bytes.
        wall: seconds since 1970.
    """

    def __init__(
        self, provider: Provider, client: Client, *, key: bytes, wall: Callable[[], float] = time.time
    ) -> None:
        self._provider, self._client, self._key, self._wall = provider, client, key, wall

    @property
    def is_secure(self) -> bool:
        """Whether browsers come back by https, so that the cookie goes by https alone."""
        return self._client.redirect_uri.startswith("https://")

    @property
    def cookie(self) -> str:
        """Its name. Source: RFC 6265bis, section 4.1.3.2, for the prefix."""
        return "__Host-oidc" if self.is_secure else "oidc"

    def begin(self, back_to: str = "/") -> tuple[str, str]:
        """Where to send a browser, and the cookie to give it.

        Args:
            back_to: path on the dashboard that was asked for; anything else becomes ``/``.

        Raises:
            Unavailable: the provider does not tell where its doors are.
        """
        begun = Begun(
            state=secrets.token_urlsafe(24),
            nonce=secrets.token_urlsafe(24),
            verifier=secrets.token_urlsafe(48),
            back_to=back_to if _is_path(back_to) else "/",
            at=int(self._wall()),
        )
        told = {
            "nonce": begun.nonce,
            "code_challenge": create_s256_code_challenge(begun.verifier),
            "code_challenge_method": "S256",
        }
        uri: str = prepare_grant_uri(
            self._provider.doors().authorization,
            self._client.id,
            "code",
            redirect_uri=self._client.redirect_uri,
            scope=" ".join(self._client.scopes),
            state=begun.state,
            **told,
        )
        return uri, self._sealed(begun)

    def finish(self, answer: Mapping[str, str], cookie: str) -> tuple[Identity, str]:
        """Who came back, and the path that they had asked for.

        Args:
            answer: the query that the browser brings.
            cookie: that it was given; empty: none.

        Raises:
            Untrusted: this log-in does not hold; see `identity_in`, and state, provider, code, domain.
            Unavailable: the provider does not answer.
        """
        begun = self._opened(cookie)
        if not hmac.compare_digest(answer.get("state", "").encode(), begun.state.encode()):
            raise Untrusted("state")
        named = answer.get("iss")
        if named != self._provider.issuer and (named is not None or self._provider.doors().names_itself):
            raise Untrusted("issuer")
        code = answer.get("code", "")
        if "error" in answer or not 0 < len(code) <= _MAX_CODE_CHARS:
            raise Untrusted("provider")
        identity = identity_in(self._token(code, begun), self._provider, self._expected(begun))
        self._need_domain(identity)
        return identity, begun.back_to

    def _token(self, code: str, begun: Begun) -> str:
        client, doors = self._client, self._provider.doors()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": client.redirect_uri,
            "code_verifier": begun.verifier,
            "client_id": client.id,
        }
        auth = None
        if client.secret and doors.secret_in_form:
            form["client_secret"] = client.secret
        elif client.secret:  # source: RFC 6749, section 2.3.1
            auth = (quote(client.id, safe=""), quote(client.secret, safe=""))
        token = self._provider.wire.post(doors.token, form, auth).get("id_token")
        if not isinstance(token, str):
            raise Untrusted("token")
        return token

    def _expected(self, begun: Begun) -> Expected:
        return Expected(
            client_id=self._client.id,
            nonce=begun.nonce,
            groups_claim=self._client.groups_claim,
            now=int(self._wall()),
        )

    def _need_domain(self, identity: Identity) -> None:
        local, _, domain = identity.email.rpartition("@")
        if self._client.domains and not (local and domain.lower() in self._client.domains):
            raise Untrusted("domain")

    def _sealed(self, begun: Begun) -> str:
        told = msgspec.json.encode(begun)
        return f"{encode(told)}.{encode(self._mac(told))}"

    def _opened(self, cookie: str) -> Begun:
        told, _, mac = cookie.partition(".")
        try:
            raw = decode(told)
            if not hmac.compare_digest(decode(mac), self._mac(raw)):
                raise Untrusted("state")
            begun = msgspec.json.decode(raw, type=Begun)
        except (Untrusted, msgspec.DecodeError):
            raise Untrusted("state") from None
        if not 0 <= self._wall() - begun.at + 1 <= MAX_SECONDS:
            raise Untrusted("state")
        return begun

    def _mac(self, told: bytes) -> bytes:
        return hmac.new(self._key, b"oidc log-in\n" + told, hashlib.sha256).digest()


def _is_path(text: str) -> bool:
    """Whether it leads to a page of ours and nowhere else, whatever a browser makes of it."""
    is_plain = text.isascii() and text.isprintable() and "\\" not in text and len(text) <= 500
    return is_plain and text.startswith("/") and not text.startswith("//")
