"""The two addresses of a log-in: `/login/oidc` leads out, `/login/oidc/callback` is where browsers come back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import structlog
from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from mailwake.errors import Untrusted
from mailwake.oidc.checking import Identity
from mailwake.oidc.flow import MAX_SECONDS, Flow

log = structlog.get_logger(__name__)

PATH = "/login/oidc"
CALLBACK = f"{PATH}/callback"
#: lets somebody in, or not: identity, the request, and the path that they had asked for
OnLogin = Callable[[Identity, Request, str], Response]
#: says that it went wrong: the word of `Untrusted`, and the request
OnRefusal = Callable[[str, Request], Response]

BackTo = Annotated[str, Query(alias="next", max_length=500)]


def router_of(flow: Flow, *, on_login: OnLogin, on_refusal: OnRefusal) -> APIRouter:
    """The routes.

    Args:
        flow: leads to the provider and back.
        on_login: what becomes of an identity.
        on_refusal: what is answered where there is none.
    """
    router = APIRouter(include_in_schema=False)

    @router.get(PATH)
    def begin(*, back_to: BackTo = "/") -> Response:
        """To the provider."""
        uri, cookie = flow.begin(back_to)
        answer = RedirectResponse(uri, status_code=303)
        answer.set_cookie(
            flow.cookie, cookie, max_age=MAX_SECONDS, path="/", secure=flow.is_secure, httponly=True, samesite="lax"
        )
        return answer

    @router.get(CALLBACK)
    def finish(request: Request) -> Response:
        """Back from it; the cookie goes whatever came of it, so that nothing is tried twice with it."""
        try:
            identity, back_to = flow.finish(_query(request), request.cookies.get(flow.cookie, ""))
            answer = on_login(identity, request, back_to)
        except Untrusted as fault:
            log.warning("oidc.refused", reason=fault.reason)
            answer = on_refusal(fault.reason, request)
        answer.delete_cookie(flow.cookie, path="/", secure=flow.is_secure, httponly=True, samesite="lax")
        return answer

    return router


def _query(request: Request) -> dict[str, str]:
    """What the browser brings, each once; what is said twice is said by somebody who wants us to choose."""
    told = request.query_params.multi_items()
    names = [name for name, _ in told]
    return {name: value for name, value in told if names.count(name) == 1}
