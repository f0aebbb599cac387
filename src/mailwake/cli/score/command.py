"""The command. While a dashboard runs it owns the event store's file, so its API is asked."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated
from urllib.parse import quote, urlencode

import msgspec
import typer

from mailwake.cli.acting import moment
from mailwake.cli.options import ConfigOption
from mailwake.cli.report.asking import answer_of
from mailwake.cli.score.wording import calls_text, learned_text, movers_text, score_text
from mailwake.errors import BadInput
from mailwake.insight.stores import Stores
from mailwake.people.person import NoSuchPerson
from mailwake.scoring import leads
from mailwake.scoring.answers import ScoreAnswer, score_of, to_json
from mailwake.scoring.calls import Calls, calls
from mailwake.scoring.desk import desk_of
from mailwake.scoring.learning import Learned
from mailwake.scoring.model import MAX_BYTES, read_model
from mailwake.scoring.movers import Movers, movers
from mailwake.settings import DEFAULT_FILE, Settings, load

MOST = 1_000


class _Person(msgspec.Struct):
    score: ScoreAnswer


def command(
    address: Annotated[str, typer.Argument(help="Whose; shows the score with every line it is made of.")] = "",
    *,
    top: Annotated[int, typer.Option(min=0, max=MOST, help="So many people, the best first.")] = 0,
    band: Annotated[str, typer.Option(help="With --top: Hot, Warm, Cool or Cold alone.")] = "",
    other: Annotated[
        Path | None, typer.Option("--movers", help="A file of points: who would move by it. Changes nothing.")
    ] = None,
    learn: Annotated[
        Path | None, typer.Option("--learn", help="A CSV of leads: would a learned model tell better? Changes nothing.")
    ] = None,
    config: ConfigOption = DEFAULT_FILE,
    as_json: Annotated[bool, typer.Option("--json", help="The answer as JSON.")] = False,
) -> None:
    """Say how far people's own acts speak for calling them, and why (docs/explain/scoring.md).

    Example: mailwake score ann@example.com
    """
    if sum((bool(address), bool(top), other is not None, learn is not None)) != 1:
        raise BadInput("say one of: an address, --top 20, --movers FILE, --learn FILE; see `mailwake score --help`")
    settings = load(config)
    if address:
        told, text = _one(settings, address)
    elif other is not None:
        told, text = _movers(settings, other)
    else:
        told, text = _best(settings, top, band) if learn is None else _learned(settings, learn)
    sys.stdout.write(told.decode() if as_json else f"{text}\n")


def _one(settings: Settings, address: str) -> tuple[bytes, str]:
    def answer(stores: Stores) -> bytes:
        handle = next(iter(stores.state.known_handles([address]).values()), None)
        if handle is None:
            raise NoSuchPerson(f"nobody was ever mailed at {address[:320]}")
        score = score_of(stores, desk_of(settings), handle, now=moment())
        return msgspec.json.encode({"score": score})

    body = answer_of(settings, f"/api/person?{urlencode({'address': address})}", answer)
    found = msgspec.json.decode(body, type=_Person).score
    return to_json(found), score_text(address, found)


def _best(settings: Settings, top: int, band: str) -> tuple[bytes, str]:
    def answer(stores: Stores) -> bytes:
        return to_json(calls(stores, desk_of(settings), now=moment(), band=band, page_size=top))

    body = answer_of(settings, f"/api/calls?page_size={top}&band={quote(band)}", answer)
    return body, calls_text(msgspec.json.decode(body, type=Calls))


def _movers(settings: Settings, path: Path) -> tuple[bytes, str]:
    text = _text(path, MAX_BYTES)
    other = read_model(text, where=path.name)  # a fault in it is told before anybody is asked

    def answer(stores: Stores) -> bytes:
        desk = desk_of(settings)
        return to_json(movers(stores, desk.model, other, desk.contacts, now=moment()))

    body = answer_of(settings, "/api/score/movers", answer, body=msgspec.json.encode({"model": text}))
    return body, movers_text(msgspec.json.decode(body, type=Movers))


def _learned(settings: Settings, path: Path) -> tuple[bytes, str]:
    text = _text(path, leads.MAX_BYTES)

    def answer(stores: Stores) -> bytes:
        return to_json(leads.learn_from(stores, text, desk_of(settings).model, now=moment()))

    body = answer_of(settings, "/api/score/learn", answer, body=msgspec.json.encode({"leads": text}))
    return body, learned_text(msgspec.json.decode(body, type=Learned))


def _text(path: Path, most: int) -> str:
    try:
        with path.open("rb") as file:
            body = file.read(most + 1)
        text = body.decode("utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise BadInput(f"cannot read {path}: {fault}") from None
    if len(body) > most:
        raise BadInput(f"{path} is longer than {most:,} bytes")
    return text
