"""What can be handed out to prove consent: JSON for programs, and a page that anybody can read and keep."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from mailwake.consents import words
from mailwake.consents.standing import ConsentAnswer, consent_of, how
from mailwake.language import say, tag
from mailwake.settings import Settings
from mailwake.store.state import Axis, Consent, StateStore

_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownText:
    """A text that the recipient was shown."""

    id: int
    locale: str
    sha256: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ConsentProof:
    """All that proves what one recipient said."""

    made_at: datetime
    #: of the installation
    sender: str
    consent: ConsentAnswer
    texts: tuple[ShownText, ...]
    #: end of the ledger when this was made: "NUMBER HASH", for `mailwake consent verify --head`
    head: str


def proof_of(state: StateStore, settings: Settings, address: str, *, now: datetime) -> ConsentProof:
    """The proof for one recipient.

    Raises:
        NobodyKnown: nobody knows them.
        BadInput: it is no address.
    """
    answer = consent_of(state, settings, address)
    shown = {said.text for said in answer.ledger}
    head = state.consent_head()
    return ConsentProof(
        made_at=now,
        sender=settings.brand.name,
        consent=answer,
        texts=tuple(
            ShownText(id=each.id, locale=each.locale, sha256=each.sha256, text=each.text)
            for each in state.consent_texts()
            if each.id in shown
        ),
        head=f"{head.number} {head.hash}",
    )


def to_json(proof: ConsentProof) -> bytes:
    """As JSON, indented: people read it too."""
    return msgspec.json.format(msgspec.json.encode(proof), indent=2) + b"\n"


def to_html(proof: ConsentProof) -> str:
    """As a page by itself, without scripts or pictures, in the language that is spoken."""
    lines = [
        {
            "line": said.line,
            "at": _moment(said.at),
            "axis": say(words.AXES[Axis(said.axis)]),
            "state": say(words.STATES[Consent(said.state)]),
            "how": say(how(said.method, said.source)),
            "more": _more(said),
            "hash": said.hash,
        }
        for said in proof.consent.ledger
    ]
    page = _environment().get_template("proof.html")
    return page.render(proof=proof, lines=lines, made_at=_moment(proof.made_at), language=tag())


def _more(said: Any) -> list[str]:  # noqa: ANN401 - a line of the ledger
    text = "" if said.text is None else say("text %(number)s (%(hash)s…)", number=said.text, hash=said.text_sha256[:12])
    by = say("written down by %(who)s", who=said.actor) if said.actor else ""
    return [each for each in (text, said.url, said.proof, by) if each]


def _moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S UTC")


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    made.globals["_"] = say
    return made
