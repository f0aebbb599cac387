"""What the pages of accounts share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import Depends, Request

from mailwake.access.accounts import Arrival
from mailwake.access.gate import Gate
from mailwake.errors import BadInput, Unavailable
from mailwake.serving.entry import approach_of, cookie_of
from mailwake.serving.forms import form_of

Form = Annotated[Mapping[str, str], Depends(form_of)]


def gate_of(request: Request) -> Gate:
    """Who knows who is who.

    Raises:
        Unavailable: this dashboard has no accounts.
    """
    gate: Gate | None = request.app.state.gate
    if gate is None:
        raise Unavailable("this dashboard shows stores alone; nobody told it where accounts are")
    return gate


def arrival_of(request: Request) -> Arrival:
    """From where somebody logs in."""
    gate = gate_of(request)
    return Arrival(
        peer=approach_of(gate, request.scope, request.headers).peer,
        agent=request.headers.get("user-agent", ""),
        cookie=cookie_of(request.headers, gate.cookie),
    )


def unsaid() -> BadInput:
    """A form that names no act."""
    return BadInput("the form has to say what to do; reload the page and try again")
