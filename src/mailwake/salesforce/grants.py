"""Ways to get a session: a signed assertion, or the client's own secret. Passwords are not one of them.

Sources: OAuth 2.0 JWT Bearer Flow, https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_jwt_flow.htm;
OAuth 2.0 Client Credentials Flow, https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_client_credentials_flow.htm
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol, cast

import jwt

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

#: an assertion may be good for three minutes; some of it is left for clocks that differ
ASSERTION_SECONDS = 150
_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


class Grant(Protocol):
    """What the token endpoint is told."""

    def form(self, now: float) -> dict[str, str]:
        """The fields of the request; now in seconds since 1970."""
        ...


@dataclass(frozen=True, kw_only=True)
class JwtBearer:
    """An assertion signed with a key whose certificate the app in the org has."""

    #: consumer key of the app
    client_id: str
    #: user name in whose name everything is done
    username: str
    #: https://login.salesforce.com, https://test.salesforce.com, or the org's own
    audience: str
    #: RSA key, PEM
    key: str = field(repr=False)

    def form(self, now: float) -> dict[str, str]:
        """See `Grant`."""
        claims = {
            "iss": self.client_id,
            "sub": self.username,
            "aud": self.audience,
            "exp": int(now) + ASSERTION_SECONDS,
        }
        return {"grant_type": _JWT_BEARER, "assertion": jwt.encode(claims, _loaded(self.key), algorithm="RS256")}


@lru_cache(maxsize=4)
def _loaded(key: str) -> RSAPrivateKey:
    """The key of a PEM. To check that it is one takes longer than a hundred signatures."""
    return cast("RSAPrivateKey", jwt.get_algorithm_by_name("RS256").prepare_key(key))


@dataclass(frozen=True, kw_only=True)
class ClientCredentials:
    """The app's own secret; everything is done in the name of the user that the app runs as."""

    client_id: str
    secret: str = field(repr=False)

    def form(self, now: float) -> dict[str, str]:  # noqa: ARG002 - it does not age
        """See `Grant`."""
        return {"grant_type": "client_credentials", "client_id": self.client_id, "client_secret": self.secret}


#: seconds since 1970
Wall = Callable[[], float]
