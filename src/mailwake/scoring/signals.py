"""What a score is made of: acts of one person, each with the link it was on, read from the stores a part at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

import msgspec

from mailwake.events import CampaignId, Handle, Micros, TemplateId
from mailwake.insight.stores import Stores
from mailwake.scoring.model import DAY, Model
from mailwake.store.answers.glance import looking
from mailwake.store.answers.opening import visits_of
from mailwake.store.answers.sliding import Sliding, back
from mailwake.store.state import LinkRow, Suppression

#: recipients asked for at once
BATCH = 1_000
#: rows fetched at once, while everybody is gone through; nothing else goes on in Python while they are
_ROWS = 2_000
#: templates whose links are in memory at once
_TEMPLATES = 256
#: suppressions that speak of the person; others speak of the sender's choice
STANDINGS = ("complained", "bounced", "unsubscribed")

Row = Mapping[str, Any]
T = TypeVar("T")


class Signal(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Something a person did, or that was sent to them."""

    id: int
    #: sent, opened, clicked, replied or converted
    kind: str
    at: Micros
    #: probability of a person, 0-1; of what nobody judges 1
    p_human: float = 1.0
    #: the copy; None: of none
    delivery: int | None = None
    campaign: int | None = None
    #: of the link, as its author wrote them; may be hostile
    label: str = ""
    role: str = ""
    href: str = ""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Why somebody may not be mailed at all, as it holds."""

    #: one of `STANDINGS`
    reason: str
    at: Micros


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """All that one person's score is made of."""

    handle: Handle
    signals: Sequence[Signal]
    #: None: nothing stands against mail to them
    standing: Standing | None


class Links:
    """Links of templates as clicks name them; so many templates are in memory that a campaign's own always are."""

    def __init__(self, stores: Stores) -> None:
        self._state = stores.state
        self._known: dict[int, dict[int, LinkRow]] = {}

    def of(self, template: int | None, number: int | None) -> LinkRow | None:
        """One link; None: it is not known."""
        if template is None or number is None:
            return None
        if template not in self._known:
            while len(self._known) >= _TEMPLATES:
                self._known.pop(next(iter(self._known)))
            links = self._state.template_links(TemplateId(template))
            self._known[template] = {each.number: each for each in links}
        return self._known[template].get(number)


def people(
    stores: Stores, handles: Iterable[Handle], model: Model, *, now: Micros, is_whole: bool = False
) -> Iterator[Person]:
    """These people, so many at a time that memory stays bounded; those without a signal as well, in their order.

    Args:
        stores: where to look.
        handles: whom.
        model: tells how far back.
        now: what happened later is left out.
        is_whole: opens and copies sent, too, as far back as the horizon; else as far as the model asks for them.
    """
    links, times = Links(stores), _times([model], now)
    if is_whole:
        times |= {"opened_since": times["since"], "sent_since": times["since"]}
    for part in parts(handles):
        rows = stores.events.ask("signals", recipients=",".join(map(str, part)), **times)
        found: dict[int, list[Signal]] = {handle: [] for handle in part}
        for row in rows:
            found[row["recipient"]].append(_signal(row, links))
        standings = _standings(stores, part, now)
        for handle in part:
            yield Person(handle=handle, signals=found[handle], standing=standings.get(handle))


def lately(stores: Stores, *, since: Micros, now: Micros) -> Iterator[tuple[Handle, Micros]]:
    """Who gave a sign of their own from a moment on, in order of handles, with the time of the last."""
    after, rows = -1, list[dict[str, Any]]()
    while after < 0 or len(rows) == BATCH:
        rows = stores.events.ask("signalled", since=since, until=now, after=after, limit=BATCH)
        yield from ((Handle(row["recipient"]), Micros(row["last_at"])) for row in rows)
        after = rows[-1]["recipient"] if rows else 0


def everybody(stores: Stores, models: Sequence[Model], *, now: Micros) -> Iterator[Person]:
    """Everybody who clicked, answered or reached a goal within the longest horizon, in order of handles.

    It takes a minute of a large store, in which whoever looks at a page comes first.
    """
    links, rest = Links(stores), visits_of(stores.events).pacer()
    for part in parts(_gathered(stores, models, now, links, rest=rest)):
        standings = _standings(stores, [handle for handle, _ in part], now)
        for handle, signals in part:
            rest()
            yield Person(handle=handle, signals=signals, standing=standings.get(handle))


def _gathered(
    stores: Stores, models: Sequence[Model], now: Micros, links: Links, *, rest: Callable[[], None]
) -> Iterator[tuple[Handle, list[Signal]]]:
    """Rows come in order of recipients, so that one person is whole when the next begins."""
    whose, gathered = Handle(-1), list[Signal]()
    for rows in stores.events.stream("signals", batch=_ROWS, recipients="", **_times(models, now)):
        for row in rows:
            if row["recipient"] != whose:
                rest()
                if gathered:
                    yield whose, gathered
                whose, gathered = Handle(row["recipient"]), []
            gathered.append(_signal(row, links))
    if gathered:
        yield whose, gathered


def parts(many: Iterable[T]) -> Iterator[tuple[T, ...]]:
    """So many at a time as a question takes."""
    left = iter(many)
    while part := tuple(islice(left, BATCH)):
        yield part


def _times(models: Sequence[Model], now: Micros) -> dict[str, int]:
    """How far back to read. Opens that count nothing only tell that somebody is not silent.

    Who looks at a page may be given what was read a while ago; what is told to others is always read anew.
    """
    end = now if looking() is None else Sliding(now, "now")
    horizon = back(end, max(model.horizon_days for model in models) * DAY)
    silent = back(end, int(max(model.silent.days for model in models) * DAY))
    is_learned = any(model.learned is not None for model in models)
    counts_opens = is_learned or any(model.acts["opened"].points for model in models)
    return {
        "since": horizon,
        "opened_since": horizon if counts_opens else silent,
        "sent_since": horizon if is_learned else silent,
        "until": end,
    }


def _signal(row: Row, links: Links) -> Signal:
    link = links.of(row["template"], row["link"]) if row["kind"] == "clicked" else None
    return Signal(
        id=row["id"],
        kind=row["kind"],
        at=Micros(row["happened_at"]),
        p_human=1.0 if row["p_human"] is None else row["p_human"],
        delivery=row["delivery"],
        campaign=None if row["campaign"] is None else CampaignId(row["campaign"]),
        label="" if link is None else link.label,
        role="" if link is None else link.role,
        href="" if link is None else link.href,
    )


def _standings(stores: Stores, handles: Iterable[Handle], now: Micros) -> dict[Handle, Standing]:
    """The weightiest of what holds against each; what is of one campaign, or ends by itself, says not who they are."""
    found: dict[Handle, Standing] = {}
    for row in sorted(stores.state.holding_against(handles), key=_weight):
        if row.reason in STANDINGS and row.campaign is None and row.expires_at is None and row.at <= now:
            found.setdefault(row.handle, Standing(reason=row.reason, at=row.at))
    return found


def _weight(row: Suppression) -> tuple[int, int]:
    return (STANDINGS.index(row.reason) if row.reason in STANDINGS else len(STANDINGS)), row.at
