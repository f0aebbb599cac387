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
from mailwake.cli.score.wording import calls_text, learned_text, movers_text, score_text, used_text
from mailwake.errors import BadInput
from mailwake.insight.stores import Stores
from mailwake.people.person import NoSuchPerson
from mailwake.scoring import leads
from mailwake.scoring.answers import ScoreAnswer, score_of, to_json
from mailwake.scoring.calls import Calls, calls
from mailwake.scoring.desk import Desk, desk_of
from mailwake.scoring.force import Force, Used, named, use
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
        str,
        typer.Option(
            "--movers",
            metavar="<file>",
            help="A file of points, or a model that is kept: who would move. Changes nothing.",
        ),
    ] = "",
    learn: Annotated[
        Path | None,
        typer.Option("--learn", help="A CSV of leads: would a learned model tell better? One that does is kept."),
    ] = None,
    chosen: Annotated[
        str, typer.Option("--use", metavar="<model>", help="Score by this model: the points, or one that is kept.")
    ] = "",
    config: ConfigOption = DEFAULT_FILE,
    as_json: Annotated[bool, typer.Option("--json", help="The answer as JSON.")] = False,
) -> None:
    """Say how far people's own acts speak for calling them, and why (docs/explain/scoring.md).

    Example: mailwake score ann@example.com
    """
    if sum((bool(address), bool(top), bool(other), learn is not None, bool(chosen))) != 1:
        words = "an address, --top 20, --movers FILE, --learn FILE, --use MODEL"
        raise BadInput(f"say one of: {words}; see `mailwake score --help`")
    settings = load(config)
    if address:
        told, text = _one(settings, address)
    elif other:
        told, text = _movers(settings, other)
    elif chosen:
        told, text = _use(settings, chosen)
    else:
        told, text = _best(settings, top, band) if learn is None else _learned(settings, learn)
    sys.stdout.write(told.decode() if as_json else f"{text}\n")


def _one(settings: Settings, address: str) -> tuple[bytes, str]:
    def answer(stores: Stores) -> bytes:
        handle = next(iter(stores.state.known_handles([address]).values()), None)
        if handle is None:
            raise NoSuchPerson(f"nobody was ever mailed at {address[:320]}")
        score = score_of(stores, _desk(settings, stores), handle, now=moment())
        return msgspec.json.encode({"score": score})

    body = answer_of(settings, f"/api/person?{urlencode({'address': address})}", answer)
    found = msgspec.json.decode(body, type=_Person).score
    return to_json(found), score_text(address, found)


def _best(settings: Settings, top: int, band: str) -> tuple[bytes, str]:
    def answer(stores: Stores) -> bytes:
        return to_json(calls(stores, _desk(settings, stores), now=moment(), band=band, page_size=top))

    body = answer_of(settings, f"/api/calls?page_size={top}&band={quote(band)}", answer)
    return body, calls_text(msgspec.json.decode(body, type=Calls))


def _desk(settings: Settings, stores: Stores) -> Desk:
    return Force(desk_of(settings), stores.state).desk()


def _movers(settings: Settings, other: str) -> tuple[bytes, str]:
    """By a file; what is no file and has no dot is the name of a model that is kept."""
    path = Path(other)
    is_kept = "." not in other and not path.exists()
    text = "" if is_kept else _text(path, MAX_BYTES)
    file = None if is_kept else read_model(text, where=path.name)  # a fault in it is told before anybody is asked

    def answer(stores: Stores) -> bytes:
        desk, points = _desk(settings, stores), desk_of(settings).model
        wanted = file or named(stores.state, points, other)
        return to_json(movers(stores, desk.model, wanted, desk.contacts, now=moment()))

    asked = {"name": other} if is_kept else {"model": text}
    body = answer_of(settings, "/api/score/movers", answer, body=msgspec.json.encode(asked))
    return body, movers_text(msgspec.json.decode(body, type=Movers))


def _learned(settings: Settings, path: Path) -> tuple[bytes, str]:
    text = _text(path, leads.MAX_BYTES)

    def answer(stores: Stores) -> bytes:
        return to_json(leads.learn_from(stores, text, desk_of(settings).model, now=moment()))

    body = answer_of(settings, "/api/score/learn", answer, body=msgspec.json.encode({"leads": text}))
    return body, learned_text(msgspec.json.decode(body, type=Learned))


def _use(settings: Settings, name: str) -> tuple[bytes, str]:
    def answer(stores: Stores) -> bytes:
        return to_json(use(stores.state, desk_of(settings).model, name))

    body = answer_of(settings, "/api/score/use", answer, body=msgspec.json.encode({"name": name}))
    return body, used_text(msgspec.json.decode(body, type=Used))


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
