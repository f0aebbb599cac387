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
        given: `act`, `href`, `why`, for `replace` also `to`, for one place alone `template` and `number`.
        at: when.
        by: who.

    Raises:
        BadInput: as `mailwake.watchdog.switches.Switches`, or there is no such act.
        Unavailable: the store or the file cannot be written.
    """
    place = {name: _number(given[name]) for name in ("template", "number") if given.get(name)}
    link, why = Link(href=given.get("href", ""), **place), given.get("why", "")
    if given.get("act") == "replace":
        desk.switches.replace(link, given.get("to", ""), at=at, by=by, why=why)
    elif given.get("act") == "stop":
        desk.switches.stop(link, at=at, by=by, why=why)
    elif given.get("act") == "restore":
        desk.switches.restore(link, at=at, by=by, why=why)
    else:
        raise BadInput("say what to do: replace, stop or restore; reload the page and try again")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 20):
        raise BadInput("the form names no place; reload the page and try again")
    return int(text)
