"""What a form or a program asks for, done: three acts, by their names."""

from __future__ import annotations

from collections.abc import Mapping

from mailwake.errors import BadInput
from mailwake.events import Micros
from mailwake.watchdog.desk import Desk
from mailwake.watchdog.switches import Link


def decide(desk: Desk, given: Mapping[str, str], *, at: Micros, by: str) -> None:
    """Decide where the readers of a link go.

    Args:
        desk: of the installation.
        given: `act`, `href`, `why`, for `replace` also `to`, and `insist` where a visit to it may fail; for one place
            alone `template` and `number`; with `leading` every link whose readers are led to `href` is meant.
        at: when.
        by: who.

    Raises:
        BadInput: as `mailwake.watchdog.switches.Switches`, or there is no such act.
        Unavailable: the store or the file cannot be written.
    """
    why = given.get("why", "")
    for link in _links(desk, given):
        if given.get("act") == "replace":
            desk.replace(link, given.get("to", ""), at=at, by=by, why=why, insist=bool(given.get("insist")))
        elif given.get("act") == "stop":
            desk.switches.stop(link, at=at, by=by, why=why)
        elif given.get("act") == "restore":
            desk.switches.restore(link, at=at, by=by, why=why)
        else:
            raise BadInput("say what to do: replace, stop or restore; reload the page and try again")


def _links(desk: Desk, given: Mapping[str, str]) -> list[Link]:
    href = given.get("href", "")
    if given.get("leading"):
        return desk.leading_to(href)
    place = {name: _number(given[name]) for name in ("template", "number") if given.get(name)}
    return [Link(href=href, **place)]


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 20):
        raise BadInput("the form names no place; reload the page and try again")
    return int(text)
