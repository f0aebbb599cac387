"""Log-in by a company's own provider of identities: what becomes of whom it vouches for, and what is said otherwise."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from mailwake.access.actors import NotAllowed
from mailwake.access.identities import Joining, sign_in_identity
from mailwake.entrance.asking import arrival_of, gate_of
from mailwake.errors import Untrusted
from mailwake.language import say
from mailwake.oidc.checking import Identity
from mailwake.oidc.flow import Flow
from mailwake.oidc.routes import router_of
from mailwake.serving.entry import cookie_set, returning
from mailwake.web.rendering import render


def providing(flow: Flow, joining: Joining) -> APIRouter:
    """The way to the provider and back.

    Args:
        flow: knows the provider.
        joining: who may come in, and as what.
    """

    def enter(identity: Identity, request: Request, back_to: str) -> Response:
        gate = gate_of(request)
        try:
            done = sign_in_identity(gate.accounts, identity, joining, arrival_of(request))
        except NotAllowed:
            raise Untrusted("uninvited") from None
        answer = RedirectResponse(returning(back_to), status_code=303)
        cookie_set(gate, answer, done.token)
        return answer

    return router_of(flow, on_login=enter, on_refusal=refuse)


def refuse(reason: str, request: Request) -> Response:
    """The log-in again, with as much as may be said."""
    if reason == "uninvited":
        said = say("Your account there is good, but nobody has let you in here. Ask an owner.")
    else:
        said = say("The log-in by your company did not work. Try again.")
    return render(request, "login.html", status=403, return_to="", fault=said, has_provider=True)
