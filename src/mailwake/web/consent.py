"""Consent: the page with its search and ledger, and the same for programs, in the words that Brevo and MailPoet use.

`mailwake.serving.guard` lets nothing change anything that no page of ours has sent.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, TypeVar

import msgspec
from fastapi import Depends, Query, Request
from starlette.responses import Response

from mailwake.consents import proof
from mailwake.consents import view as consent_view
from mailwake.consents.standing import NobodyKnown, consent_of, to_json
from mailwake.consents.statements import Teller, say_once, weigh, write
from mailwake.consents.telling import Contacts, Told
from mailwake.errors import BadInput
from mailwake.events import SECOND
from mailwake.framing.rendering import as_json, render
from mailwake.serving.forms import TABLE_BODY_BYTES, body_of, by_of
from mailwake.settings import Settings
from mailwake.store.state import StateStore
from mailwake.web.api import guarded, now_of, stores_of

#: Statements of one call.
MOST = 50_000

router = guarded()
T = TypeVar("T", Told, Contacts)

Address = Annotated[str, Query(max_length=320)]


async def told_of(request: Request) -> Told:
    """The body of a call about one recipient.

    Raises:
        BadInput: it is too long or no such object.
    """
    return _decoded(await body_of(request), Told)


async def contacts_of(request: Request) -> Contacts:
    """The body of a call about many.

    Raises:
        BadInput: it is too long or no such object.
    """
    return _decoded(await body_of(request, TABLE_BODY_BYTES), Contacts)


@router.get("/consent", include_in_schema=False)
def consent(request: Request, *, address: Address = "") -> Response:
    """How many stand where, the profile, and the ledger of one recipient."""
    state, settings, given = _state(request), _settings(request), address.strip()
    answer, missing = None, ""
    if given:
        try:
            answer = consent_of(state, settings, given)
        except NobodyKnown as fault:
            missing = str(fault)
    standing = consent_view.Standing(
        counts=state.consent_counts(), head=state.consent_head(), texts=state.consent_texts(), profile=settings.profile
    )
    values = consent_view.values(standing, answer, given, missing, zone=stores_of(request).zone)
    return render(request, "consent.html", **values)


@router.get("/consent/proof", include_in_schema=False)
def consent_proof(request: Request, *, address: Address) -> Response:
    """The proof of one recipient's consent as a page to keep."""
    made = proof.proof_of(_state(request), _settings(request), address.strip(), now=_moment(request))
    named = {"Content-Disposition": 'attachment; filename="consent.html"'}
    return Response(proof.to_html(made), media_type="text/html; charset=utf-8", headers=named)


@router.get("/api/consent/{address}")
def show_consent(request: Request, address: str) -> Response:
    """What one recipient said, what holds and why, when they may be asked again, and their lines of the ledger."""
    return _json(to_json(consent_of(_state(request), _settings(request), address)))


@router.get("/api/consent/{address}/proof")
def show_proof(request: Request, address: str) -> Response:
    """The same with the texts that they were shown and the head of the ledger."""
    return _json(proof.to_json(proof.proof_of(_state(request), _settings(request), address, now=_moment(request))))


@router.put("/api/consent/{address}")
def put_consent(request: Request, address: str, given: Annotated[Told, Depends(told_of)]) -> Response:
    """Write down what one recipient said; an error where it does not count, with the reason."""
    statement, state = given.statement(address), _state(request)
    profile = _settings(request).profile
    is_new = say_once(state, statement, teller=_teller(request, given), profile=profile, now=now_of(request))
    return as_json({"new": int(is_new), "known": int(not is_new)})


@router.post("/api/consent")
def put_consents(request: Request, given: Annotated[Contacts, Depends(contacts_of)]) -> Response:
    """Write down what many said; those that do not count are named with the reason, and the others hold."""
    if len(given.contacts) > MOST:
        raise BadInput(f"that are {len(given.contacts):,} at once; send {MOST:,} at most, one call after the other")
    told = [each.statement(each.email, number) for number, each in enumerate(given.contacts, 1)]
    state = _state(request)
    teller = Teller(source="api", by=by_of(request))
    weighed = weigh(state, told, teller=teller, profile=_settings(request).profile, now=now_of(request))
    write(state, weighed.new)
    lost = [
        {"number": each.statement.number, "email": each.statement.address, "why": each.why} for each in weighed.lost
    ]
    return as_json({"new": len(weighed.new), "known": weighed.known, "lost": lost})


def _teller(request: Request, given: Told) -> Teller:
    return Teller(source="api", by=by_of(request, {"by": given.by}))


def _decoded(body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, RecursionError) as fault:
        hint = '{"contactPixelTrackingConsent": true, "at": "2026-03-01T12:00:00Z", "url": "https://…"}'
        raise BadInput(f"send a JSON object such as {hint}: {str(fault)[:200]}") from None


def _settings(request: Request) -> Settings:
    found: Settings | None = request.app.state.settings
    return found or Settings()


def _state(request: Request) -> StateStore:
    return stores_of(request).state


def _moment(request: Request) -> datetime:
    return datetime.fromtimestamp(now_of(request) / SECOND, UTC)


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")
