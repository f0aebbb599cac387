"""What the page of one recipient shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from mailwake.comparing.best_hours import PersonHour
from mailwake.drawing import figures, pieces
from mailwake.people.person import Copy, Person

_WHO = {"human": "● by a person", "possible": "◐ possibly", "machine": "□ by a machine"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One copy, ready to read."""

    name: str
    href: str
    sent: str
    outcome: str
    opened: str
    clicked: str
    links: tuple[str, ...]
    last: str
    more: tuple[str, ...]


def values(answer: Person, hour: PersonHour, zone: ZoneInfo) -> dict[str, Any]:
    """What `person.html` names."""
    facts = (
        ("Copies", figures.count(answer.sent)),
        ("Opened", f"{figures.count(answer.opened)} of {figures.count(answer.sent)}"),
        ("Clicked in", f"{figures.count(answer.clicked)} of {figures.count(answer.sent)}"),
        ("Active on", pieces.listed(answer.days, answer.days, "day")),
        ("Returns after 14 days", figures.count(answer.returns)),
        ("Best hour", best_hour(hour)),
        ("Last seen", "never" if answer.last_at is None else figures.moment(answer.last_at, zone)),
        ("Devices", ", ".join(answer.devices) or "not known"),
        ("Countries", ", ".join(answer.countries) or "not known"),
    )
    return {
        "address": answer.address,
        "facts": facts,
        "lines": [_line(each, zone) for each in answer.copies],
        "is_all": answer.is_all,
    }


def best_hour(found: PersonHour) -> str:
    """When they are most likely to react, or why that cannot be said."""
    if found.hour is None:
        return (found.cannot_say or figures.CANNOT_SAY).capitalize()
    return (
        f"{found.hour:02}:00 to {found.hour:02}:59 in {found.clock}, "
        f"{figures.whole_percent(found.sureness)} sure by {figures.count(found.reactions)} reactions"
    )


def _line(copy: Copy, zone: ZoneInfo) -> Line:
    more = []
    if copy.returns:
        more.append(f"came back after more than 14 days ({figures.count(copy.returns)}×)")  # noqa: RUF001
    if copy.forward is not None:
        more.append(f"passed on: {copy.forward.likelihood} ({copy.forward.why})")
    return Line(
        name=copy.name,
        href=f"/campaigns/{copy.campaign}/deliveries/{copy.delivery}",
        sent="" if copy.sent_at is None else figures.moment(copy.sent_at, zone),
        outcome=copy.outcome,
        opened=_WHO.get(copy.opened or "", "no"),
        clicked=_WHO.get(copy.clicked or "", "no"),
        links=copy.links,
        last="" if copy.last_at is None else figures.moment(copy.last_at, zone),
        more=tuple(more),
    )
