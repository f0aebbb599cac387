"""What stands of links after delivery, and a visit by hand."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Annotated

import msgspec
import typer

from mailwake.cli.options import ConfigOption
from mailwake.drawing.terminal import visible
from mailwake.errors import BadInput
from mailwake.events import SECOND
from mailwake.settings import DEFAULT_FILE, load
from mailwake.store.watch import Health
from mailwake.watchdog import answers
from mailwake.watchdog.desk import LinkCard, Standing, Told, opened_desk
from mailwake.watchdog.reach import Ringing
from mailwake.watchdog.rounds import Rounds, visitor_of
from mailwake.watchdog.targets import why_not_address

JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object.")]


def list_links(
    link: Annotated[str, typer.Argument(help="One link alone, as it stands in the mail.")] = "",
    as_json: JsonOption = False,
    config: ConfigOption = DEFAULT_FILE,
) -> None:
    """Show targets that stopped answering, and links whose readers go elsewhere; or all of one link.

    Example: mailwake links list
    """
    with opened_desk(load(config)) as desk:
        if link:
            card = desk.card(link)
            print(_json(answers.one(card)) if as_json else "\n".join(_of_card(card)))
        else:
            standing = desk.standing()
            print(_json(answers.everything(standing)) if as_json else "\n".join(_of_standing(standing)))


def check(
    links: Annotated[list[str], typer.Argument(help="Links as they stand in the mail.")],
    config: ConfigOption = DEFAULT_FILE,
) -> None:
    """Visit links now, at the pace of the watchdog. Exit 1 if one of them leads nowhere.

    Example: mailwake links check https://shop.example.com/spring
    """
    settings = load(config)
    for link in links:
        if why := why_not_address(link):
            raise BadInput(f"{link!r} is never visited, because it {_WHY[why]}; look at it yourself")
    with opened_desk(settings) as desk:
        rounds = Rounds(desk.store, visitor_of(settings).visit, settings.watchdog, wall=lambda: time.time_ns() // 1_000)
        found = [rounds.look(link) for link in dict.fromkeys(links)]
    for each in found:
        print(f"{each.health:<8} {each.said:<12} {each.href!r}")
    if any(each.health is Health.ILL for each in found):
        raise SystemExit(1)


_WHY = {
    "acts": "says that a look does something",
    "personal": "names a person",
    "secret": "holds what may be good for one person or one time",
    "role": "is about the reader",
    "stream": "stands in mail that is not watched (watchdog.streams)",
    "address": "is no address that may be tracked",
}


def _of_card(card: LinkCard) -> list[str]:
    lines = [f"{card.href!r}"]
    if card.target is not None:
        lines.append(f"  visited {_time(card.target.visited_at)}: {card.target.health} ({card.target.said})")
    elif card.why_not is not None:
        lines.append(f"  never visited, because it {_WHY[card.why_not]}")
    else:
        lines.append("  not visited yet" if card.places else "  stands in no mail that was sent")
    lines += [f"  --template {each.template} --number {each.number}  {each.role}" for each in card.places]
    return lines + [f"  {_detour(each)}" for each in card.detours]


def _of_standing(standing: Standing) -> list[str]:
    lines = [_alarm(each) for each in standing.alarms]
    lines += [f"{_detour(each)}" for each in standing.detours]
    return lines or ["all links that are watched lead somewhere, and nobody's readers are sent elsewhere"]


def _alarm(each: Ringing) -> str:
    alarm = each.alarm
    line = f"{alarm.href!r} since {_time(alarm.opened_at)} ({alarm.said})"
    if each.is_mended:
        return f"mended   {line}; no reader is led there"
    sent = "".join(f"; readers of {href!r} are sent there" for href in dict.fromkeys(it.href for it in each.sent))
    instead = f"; {each.instead[0]!r} answers" if each.instead else ""
    return f"fails    {line}{sent}{instead}"


def _detour(told: Told) -> str:
    each = told.decision
    where = f" at template {each.template} number {each.number}" if each.template else ""
    to = f" to {each.to!r}" if each.to else ""
    doubt = "" if told.is_believed else "  NOT OURS, left out"
    said = visible(f"by {each.by}: {each.why}")  # older ones may hold what steers a terminal
    return f"{each.kind:<8} {each.href!r}{where}{to}, {_time(each.at)} {said}{doubt}"


def _time(at: int) -> str:
    return f"{datetime.fromtimestamp(at // SECOND, UTC):%Y-%m-%d %H:%M} UTC"


def _json(told: object) -> str:
    return msgspec.json.encode(told).decode()
