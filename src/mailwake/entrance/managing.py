"""Sessions, keys of programs and colleagues: their pages, and the forms that change them."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from mailwake.access import passwords
from mailwake.access.actors import Actor
from mailwake.access.gate import Gate
from mailwake.access.programs import DAYS, MOST_DAYS, OVERLAP_HOURS, Wanted
from mailwake.access.roles import permissions, roles
from mailwake.entrance import views
from mailwake.entrance.asking import Form, gate_of, unsaid
from mailwake.errors import BadInput
from mailwake.framing.asking import stores_of
from mailwake.framing.rendering import render
from mailwake.language import say
from mailwake.serving.entry import LOGIN, actor_of, allowed
from mailwake.serving.forms import id_in
from mailwake.store.access import Session

SESSIONS, KEYS, USERS = "/sessions", "/keys", "/users"

router = APIRouter(dependencies=[Depends(allowed)], include_in_schema=False)


@router.get(SESSIONS)
def sessions(request: Request) -> Response:
    """One's own sessions; those of everybody for whoever manages accounts."""
    gate, actor = gate_of(request), actor_of(request)
    names = {user.id: user.name for user in gate.accounts.store.users()}
    lines = [
        views.session(each, names.get(each.user, ""), actor, stores_of(request).zone)
        for each in _sessions_for(gate, actor)
        if gate.accounts.lasts(each)
    ]
    return render(request, "sessions.html", sessions=lines, is_everybodys=actor.may("users:admin"))


@router.post(SESSIONS)
def end_session(request: Request, form: Form) -> Response:
    """End one session."""
    gate, actor = gate_of(request), actor_of(request)
    wanted = form.get("session", "")
    found = next((each for each in _sessions_for(gate, actor) if views.short(each.hash) == wanted), None)
    if found is None:
        raise BadInput("there is no such session any more; reload the page")
    gate.accounts.end_one(actor, found)
    return RedirectResponse(LOGIN if found.hash == actor.session else SESSIONS, status_code=303)


def _sessions_for(gate: Gate, actor: Actor) -> list[Session]:
    if actor.may("users:admin"):
        return gate.accounts.store.sessions()
    return [] if actor.user is None else gate.accounts.store.sessions(actor.user.id)


@router.get(KEYS)
def keys(request: Request) -> Response:
    """The keys of one's programs; those of everybody for whoever manages them."""
    return _keys(request)


@router.post(KEYS)
def change_keys(request: Request, form: Form) -> Response:
    """Make, rotate or revoke a key. A new key is shown once, in the answer itself."""
    gate, actor = gate_of(request), actor_of(request)
    number = form.get("key", "")
    if form.get("act") == "make":
        days = id_in(form.get("days", ""), "number of days")
        scopes, networks = form.get("scopes", "").split(), form.get("networks", "").replace(",", " ").split()
        wanted = Wanted(name=form.get("name", ""), scopes=scopes, days=days, networks=networks)
        return _keys(request, new=gate.programs.make(actor, wanted).text)
    if form.get("act") == "rotate":
        return _keys(request, new=gate.programs.rotate(actor, number).text)
    if form.get("act") != "revoke":
        raise unsaid()
    gate.programs.revoke(actor, number)
    return RedirectResponse(KEYS, status_code=303)


def _keys(request: Request, *, new: str = "") -> Response:
    gate, actor = gate_of(request), actor_of(request)
    zone = stores_of(request).zone
    return render(
        request,
        "keys.html",
        new=new,
        keys=[views.key(each, zone, is_good=gate.programs.lasts(each)) for each in gate.programs.shown_to(actor)],
        scopes=[(name, say(says)) for name, says in permissions().items() if actor.may(name)],
        days=DAYS,
        most_days=MOST_DAYS,
        overlap=OVERLAP_HOURS,
    )


@router.get(USERS)
def users(request: Request) -> Response:
    """Everybody who may log in."""
    return _users(request)


@router.post(USERS)
def change_users(request: Request, form: Form) -> Response:
    """Add or remove an account, give it another role or password, or end its sessions."""
    gate, actor = gate_of(request), actor_of(request)
    act, accounts = form.get("act"), gate.accounts
    if act == "add":
        return _add(request, form, invites="invited" in form)
    user = accounts.store.user(id_in(form.get("user", ""), "user"))
    if user is None:
        raise BadInput("there is no such user any more; reload the page")
    if act == "password":
        text = passwords.invented()
        accounts.set_password(actor, user, text, must_change=True)
        return _users(request, new=(user.name, text))
    if act == "role":
        accounts.change_role(actor, user, form.get("role", ""))
    elif act == "sessions":
        accounts.end_sessions(actor, user)
    elif act == "remove" and form.get("sure") == "yes":
        accounts.remove(actor, user)
    elif act == "remove":
        raise BadInput("tick that you are sure; an account that is removed does not come back")
    else:
        raise unsaid()
    return RedirectResponse(USERS, status_code=303)


def _add(request: Request, form: Form, *, invites: bool) -> Response:
    actor, accounts = actor_of(request), gate_of(request).accounts
    if actor.user is None and not accounts.store.has_users():
        raise BadInput("the first account is made at the command line: mailwake users add NAME --role owner")
    text = None if invites else passwords.invented()
    made = accounts.add(form.get("name", ""), form.get("role", ""), password=text, must_change=True, by=actor)
    return _users(request, new=None if text is None else (made.name, text))


def _users(request: Request, *, new: tuple[str, str] | None = None) -> Response:
    zone = stores_of(request).zone
    found = gate_of(request).accounts.store.users()
    return render(
        request,
        "users.html",
        users=[views.user(each, zone) for each in found],
        roles=[(name, say(says)) for name, says in roles().items()],
        new_name=new[0] if new else "",
        new_password=new[1] if new else "",
    )
