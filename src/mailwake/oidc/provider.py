"""Where a provider's doors are, and the keys that it signs with."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey, import_key

from mailwake.errors import Unavailable, Untrusted
from mailwake.oidc.wire import Wire, is_safe

#: A provider that changes its keys has the new one in its list before it signs with it; whoever names unknown keys all
#: day makes us ask once in so long.
_PAUSE_SECONDS = 30.0
#: Providers show a handful.
_MOST_KEYS = 64
_WELL_KNOWN = "/.well-known/openid-configuration"
_KINDS: Mapping[str, type[RSAKey | ECKey]] = {"RS256": RSAKey, "ES256": ECKey}


@dataclass(frozen=True, kw_only=True)
class Doors:
    """Addresses of a provider."""

    authorization: str
    token: str
    keys: str
    #: in the form instead of the header: it knows no other way
    secret_in_form: bool = False
    #: its answer to the browser says who it is (RFC 9207)
    names_itself: bool = False


class Provider:
    """One provider.

    Args:
        issuer: who it is, to the letter.
        wire: to it.
        doors: where its doors are; None: it tells (discovery).
        clock: seconds that only ever grow.
    """

    def __init__(
        self, issuer: str, wire: Wire, *, doors: Doors | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.issuer = issuer
        self.wire = wire
        self._doors, self._clock = doors, clock
        self._keys: dict[str, RSAKey | ECKey] = {}
        self._asked_at = float("-inf")
        self._lock = Lock()

    def doors(self) -> Doors:
        """Where its doors are; asked once.

        Raises:
            Unavailable: it does not tell, or speaks for somebody else.
        """
        if self._doors is None:
            self._doors = self._discovered()
        return self._doors

    def key(self, kid: str, algorithm: str) -> RSAKey | ECKey:
        """The key of a name, for an algorithm; one that is not known yet is asked for once.

        Args:
            kid: its name; empty: the token names none, so there has to be just one.
            algorithm: RS256 or ES256.

        Raises:
            Untrusted: there is no such key, or it is of another kind.
            Unavailable: the provider does not tell its keys.
        """
        with self._lock:
            found = self._known(kid, algorithm)
            if found is None and self._clock() - self._asked_at >= _PAUSE_SECONDS:
                self._keys = _keys_in(self.wire.get(self.doors().keys))
                self._asked_at = self._clock()
                found = self._known(kid, algorithm)
        if found is None:
            raise Untrusted("key")
        return found

    def _known(self, kid: str, algorithm: str) -> RSAKey | ECKey | None:
        kind = _KINDS[algorithm]
        fitting = {name: key for name, key in self._keys.items() if isinstance(key, kind)}
        if kid:
            return fitting.get(kid)
        return next(iter(fitting.values())) if len(fitting) == 1 else None

    def _discovered(self) -> Doors:
        told = self.wire.get(self.issuer.rstrip("/") + _WELL_KNOWN)
        if told.get("issuer") != self.issuer:
            raise Unavailable(
                "the provider of identities says that it is another one; is oidc.issuer right to the letter?"
            )
        found = [told.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
        doors = [each for each in found if isinstance(each, str) and is_safe(each)]
        if len(doors) != len(found):
            raise Unavailable("the provider of identities names no https address for one of its doors")
        ways = told.get("token_endpoint_auth_methods_supported")
        in_form = isinstance(ways, list) and "client_secret_basic" not in ways and "client_secret_post" in ways
        names_itself = told.get("authorization_response_iss_parameter_supported") is True
        authorization, token, keys = doors
        return Doors(
            authorization=authorization, token=token, keys=keys, secret_in_form=in_form, names_itself=names_itself
        )


def _keys_in(told: Mapping[str, Any]) -> dict[str, RSAKey | ECKey]:
    """Keys that may sign, by name; secrets shared between two, and keys for encryption, are none."""
    found: dict[str, RSAKey | ECKey] = {}
    keys = told.get("keys")
    for number, each in enumerate(keys[:_MOST_KEYS] if isinstance(keys, list) else []):
        if not isinstance(each, dict) or each.get("kty") not in ("RSA", "EC") or each.get("use", "sig") != "sig":
            continue
        try:
            key = import_key(each)
        except (JoseError, ValueError, TypeError, KeyError):  # a stranger's words: one bad key hides no good one
            continue
        if isinstance(key, RSAKey | ECKey):
            found[str(each.get("kid") or f"unnamed {number}")] = key
    return found
