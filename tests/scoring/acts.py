"""Acts to score, at moments that are easy to read."""

from __future__ import annotations

from mailwake.events import Handle, Micros
from mailwake.scoring.model import DAY
from mailwake.scoring.signals import Person, Signal, Standing

#: noon of a day in 2026, and the moment of every score here
NOW = Micros(1_795_000_000_000_000)
_numbers = iter(range(1, 1_000_000))


def ago(days: float) -> Micros:
    """So many days before `NOW`."""
    return Micros(NOW - int(days * DAY))


def act(
    kind: str, days: float, *, delivery: int | None = 1, label: str = "", role: str = "text", p: float = 1.0
) -> Signal:
    """One act, so many days ago."""
    return Signal(id=next(_numbers), kind=kind, at=ago(days), delivery=delivery, label=label, role=role, p_human=p)


def person(*signals: Signal, standing: str = "") -> Person:
    """Somebody with these acts, and perhaps something that stands against mail to them."""
    against = Standing(reason=standing, at=ago(1)) if standing else None
    return Person(handle=Handle(7), signals=signals, standing=against)
