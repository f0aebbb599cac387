"""Log-in, log-out, and one's own account."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import RedirectResponse, Response

from mailwake.access import second
from mailwake.access.accounts import WrongPassword
from mailwake.access.actors import Kind
from mailwake.access.limits import TooOften
from mailwake.access.passwords import MIN_CHARS
from mailwake.access.roles import permissions, roles
from mailwake.entrance.asking import Form, arrival_of, gate_of
from mailwake.errors import BadInput
from mailwake.framing.rendering import render
from mailwake.language import say
from mailwake.serving.entry import LOGIN, actor_of, allowed, cookie_set, returning

ACCOUNT = "/account"

router = APIRouter(dependencies=[Depends(allowed)], include_in_schema=False)

Return = Annotated[str, Query(max_length=2_000)]


@router.get(LOGIN)
def login(request: Request, *, return_to: Return = "") -> Response:
    """The form; who is logged in already goes on."""
    gate, to = gate_of(request), returning(return_to)
    if gate.is_open() or actor_of(request).permissions:
        return RedirectResponse(to, status_code=303)
    return _form(request, to)


@router.post(LOGIN)
def enter(request: Request, form: Form) -> Response:
    """Let somebody in, and go where they wanted to."""
    gate, to = gate_of(request), returning(form.get("return_to", ""))
    try:
        name, password, code = (form.get(field, "") for field in ("name", "password", "code"))
        done = gate.accounts.sign_in(name, password, arrival_of(request), code)
    except WrongPassword:
        return _form(request, to, fault=say("Name, password and code do not belong together."), status=401)
    except TooOften as fault:
        page = _form(request, to, fault=say("That was too often. Try again in a minute."), status=429)
        page.headers["Retry-After"] = str(fault.retry_after_seconds)
        return page
    answer = RedirectResponse(ACCOUNT if done.user.must_change else to, status_code=303)
    cookie_set(gate, answer, done.token)
    return answer


@router.post("/logout")
def leave(request: Request) -> Response:
    """End the session, and show the log-in."""
    gate = gate_of(request)
    gate.accounts.sign_out(actor_of(request))
    answer = RedirectResponse(LOGIN, status_code=303)
    cookie_set(gate, answer, "")
    return answer


@router.get(ACCOUNT)
def account(request: Request) -> Response:
    """Who one is here, what one may, and another password."""
    return _account(request)


@router.post(ACCOUNT)
def change_password(request: Request, form: Form) -> Response:
    """Another password; every other session of the account ends."""
    gate = gate_of(request)
    try:
        if form.get("new", "") != form.get("again", ""):
            raise BadInput("the new password was not typed the same way twice")
        done = gate.accounts.change_own_password(
            actor_of(request), form.get("old", ""), form.get("new", ""), arrival_of(request)
        )
    except (BadInput, TooOften) as fault:
        return _account(request, fault=str(fault), status=429 if isinstance(fault, TooOften) else 400)
    answer = RedirectResponse(ACCOUNT, status_code=303)
    cookie_set(gate, answer, done.token)
    return answer


@router.post(f"{ACCOUNT}/second")
def change_second(request: Request, form: Form) -> Response:
    """A code besides the password from now on, or no more: both are shown again for either."""
    accounts, actor = gate_of(request).accounts, actor_of(request)
    secret, password, code = (form.get(field, "") for field in ("secret", "password", "code"))
    arrival = arrival_of(request)
    try:
        if secret:
            accounts.begin_second(actor, secret, password=password, code=code, arrival=arrival)
        else:
            accounts.end_own_second(actor, password=password, code=code, arrival=arrival)
    except (BadInput, TooOften) as fault:
        status = 429 if isinstance(fault, TooOften) else 400
        return _account(request, fault=str(fault), status=status, secret=secret)
    return RedirectResponse(ACCOUNT, status_code=303)


def _form(request: Request, to: str, *, fault: str = "", status: int = 200) -> Response:
    told = "" if to == "/" else to
    has_provider = bool(request.app.state.settings and request.app.state.settings.oidc.issuer)
    return render(request, "login.html", status=status, return_to=told, fault=fault, has_provider=has_provider)


def _account(request: Request, *, fault: str = "", status: int = 200, secret: str = "") -> Response:
    actor = actor_of(request)
    user = actor.user
    secret = secret if second.is_secret(secret) else second.invented()
    return render(
        request,
        "account.html",
        status=status,
        name=actor.name,
        role=user.role if user else actor.kind,
        says=say(roles().get(user.role, "")) if user else "",
        may=[(name, say(says)) for name, says in permissions().items() if actor.may(name)],
        has_password=actor.kind is Kind.USER and user is not None and user.password is not None,
        must_change=user is not None and user.must_change,
        has_second=user is not None and user.second is not None,
        secret=secret,
        secret_in_fours=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        secret_address=second.address(secret, actor.name, f"Mailwake {request.url.hostname or ''}".strip()),
        shortest=MIN_CHARS,
        fault=fault,
    )
