"""Who of a list gets the mail in this run: not the suppressed, not those who have it, not those in doubt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from mailwake.errors import BadInput
from mailwake.events import Event, EventType, Handle, Source
from mailwake.merge.holdout import hold_out
from mailwake.merge.ledger import Standing
from mailwake.merge.people import People, Person
from mailwake.merge.run import Addressee
from mailwake.modes import strictest
from mailwake.send.asking import TOO_SOON
from mailwake.send.tracker import Tracker
from mailwake.store.consent.ledger import COUNTRY
from mailwake.store.state import Campaign, Suppression


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a run has to do."""

    campaign: Campaign
    #: whom to mail now
    addressees: tuple[Addressee, ...] = field(repr=False)
    #: everybody on the list by handle, whatever becomes of them
    people: Mapping[Handle, Person] = field(repr=False)
    suppressed: Mapping[Handle, Suppression] = field(repr=False)
    #: what is known so far, with those in doubt opened again where that was asked for
    standing: dict[Handle, Standing] = field(repr=False)
    #: of the people: whom the campaign is kept from by lot
    held_out: frozenset[Handle] = field(default=frozenset(), repr=False)

    def rejected(self, tracker: Tracker) -> list[Event]:
        """An event for everybody who is suppressed and was not reported before."""
        now = tracker.clock()
        return [
            Event(
                type=EventType.REJECTED,
                received_at=now,
                source=Source.SEND,
                key=f"rejected:{self.campaign.id}:{handle}",
                campaign=self.campaign.id,
                recipient=handle,
                reason=f"suppressed: {held.reason}",
            )
            for handle, held in self.suppressed.items()
            if handle not in self.standing
        ]


def make_plan(
    tracker: Tracker,
    campaign: Campaign,
    listed: People,
    standing: dict[Handle, Standing],
    *,
    attributes: Iterable[str] = (),
    retry_doubtful: bool = False,
    holdout: float = 0.0,
) -> Plan:
    """Look everybody up.

    Args:
        tracker: knows who may be mailed, and how closely they may be watched.
        campaign: what is sent.
        listed: the list.
        standing: what earlier runs logged.
        attributes: columns to keep with each recipient.
        retry_doubtful: mail those again who may have the message already.
        holdout: percentage of those never tried before to keep the campaign from; whoever it was kept from stays so.

    Raises:
        BadInput: an attribute is no column.
    """
    wanted = (*attributes, *_places(tracker, listed, attributes))
    if missing := [name for name in wanted if name not in listed.columns]:
        raise BadInput(f"--attributes: the list has no column {missing[0]}; it has {', '.join(listed.columns)}")
    kept = {p.address: {name: p.fields.get(name, "") for name in wanted} for p in listed.people} if wanted else None
    handles = tracker.state.handles([p.address for p in listed.people], now=tracker.clock(), fields=kept)
    people = {handles[person.address]: person for person in listed.people}
    held = {
        handle: kept
        for handle, kept in tracker.held(people, campaign=campaign.id, stream=campaign.stream).items()
        if kept.source != TOO_SOON or _is_open(standing.get(handle))  # who was asked by this campaign has its mail
    }
    level = tracker.level(campaign)
    modes = {handle: strictest((level, allowed)) for handle, allowed in tracker.consents(people).items()}
    if retry_doubtful:
        standing = {h: s._replace(kind=EventType.DEFERRED) if s.is_doubtful else s for h, s in standing.items()}
    fresh = [handle for handle in people if handle not in held and handle not in standing]
    kept_from = frozenset(
        hold_out(
            tracker.state, campaign.id, fresh,
            key=tracker.holdout_key, percent=holdout, modes=modes, now=tracker.clock(),
        )
    )  # fmt: skip
    addressees = tuple(
        Addressee(person=person, handle=handle, modes=modes[handle])
        for handle, person in people.items()
        if handle not in held and handle not in kept_from and _is_open(standing.get(handle))
    )
    return Plan(
        campaign=campaign,
        addressees=addressees,
        people=people,
        suppressed=held,
        standing=standing,
        held_out=kept_from & people.keys(),
    )


def _places(tracker: Tracker, listed: People, attributes: Iterable[str]) -> tuple[str, ...]:
    """Where people are is kept unasked where a profile is chosen, for it decides how closely they may be watched."""
    is_wanted = tracker.settings.profile is not None and COUNTRY in listed.columns and COUNTRY not in attributes
    return (COUNTRY,) if is_wanted else ()


def _is_open(standing: Standing | None) -> bool:
    return standing is None or standing.kind in {EventType.DEFERRED, EventType.REJECTED, EventType.FAILED}
