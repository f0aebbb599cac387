"""Opens the log-in that an installation's settings speak of."""

from __future__ import annotations

from mailwake.errors import Misconfigured
from mailwake.oidc.flow import Client, Flow
from mailwake.oidc.provider import Doors, Provider
from mailwake.oidc.routes import CALLBACK
from mailwake.oidc.wire import Wire, is_safe
from mailwake.settings import Settings

_LABEL = "oidc log-in"


def flow_of(settings: Settings, *, public_url: str) -> Flow | None:
    """The log-in by the provider; None: none is named.

    Args:
        settings: of the installation.
        public_url: of the dashboard, as colleagues type it; browsers come back there.

    Raises:
        Misconfigured: something is missing or cannot be; names the option.
    """
    told = settings.oidc
    if not told.issuer:
        return None
    if not told.client_id:
        raise Misconfigured("oidc.client_id", "name what the provider calls this installation")
    if not is_safe(told.issuer):
        raise Misconfigured("oidc.issuer", "must be an https address, as the provider writes it")
    if not is_safe(public_url):
        raise Misconfigured("web.public_url", "browsers come back there, so it must be an https address")
    if "openid" not in told.scopes:
        raise Misconfigured("oidc.scopes", "must hold openid")
    client = Client(
        id=told.client_id,
        secret=settings.secret(told.client_secret, "oidc.client_secret") if told.client_secret else "",
        redirect_uri=public_url.rstrip("/") + CALLBACK,
        scopes=told.scopes,
        groups_claim=told.groups_claim,
        domains=frozenset(each.lower() for each in told.domains),
    )
    provider = Provider(told.issuer, Wire(), doors=_doors(settings))
    return Flow(provider, client, key=settings.load_keys().derive(_LABEL))


def _doors(settings: Settings) -> Doors | None:
    told = settings.oidc
    named = {"authorization": told.authorization_url, "token": told.token_url, "keys": told.keys_url}
    if not any(named.values()):
        return None
    for name, url in named.items():
        if not is_safe(url):
            raise Misconfigured(f"oidc.{name}_url", "name all three by https, or none: then the provider tells them")
    return Doors(authorization=told.authorization_url, token=told.token_url, keys=told.keys_url)
