"""Events become facts and states: the list of steps that every record of the log goes through.

*put_* adds a fact, *drop_* refuses with a reason from `Drop`, *apply_* changes what may be sent or watched, *write*
stores. A step marked `each` works record by record; a record that it cannot cope with is set aside and holds up nobody.
Steps run one after the other over a whole batch, so that an apply step has seen the batch before the next one begins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import wraps
from time import perf_counter

import msgspec

from mailwake.errors import BadInput
from mailwake.events import (
    SECOND,
    Event,
    EventType,
    Micros,
    Note,
    Request,
    Settlement,
    Source,
    TemplateId,
    decode_event,
)
from mailwake.inert.entries import Axes
from mailwake.judge import Judged
from mailwake.modes import INDIVIDUAL, Mode
from mailwake.pipeline.accounts import taken_rows
from mailwake.pipeline.cutting import cuts_of
from mailwake.pipeline.desk import Desk
from mailwake.pipeline.goals import put_goal, put_telling
from mailwake.pipeline.hits import axes_of, is_late
from mailwake.pipeline.item import Batch, Drop, Item, Why, identity_of
from mailwake.pipeline.lookups import Sent
from mailwake.pipeline.rows import counter_rows, event_row, judgement
from mailwake.pipeline.suppression import (
    apply_to_consent,
    apply_to_suppression,
    asked_of,
    leaves,
    outcome,
    troubles_of,
    withdrawn_axis,
)
from mailwake.reduced import axis_mode, is_hit, read_modes
from mailwake.store.state import split_address
from mailwake.suppression.scope import unwanted
from mailwake.tokens import MAX_LINK_NUMBER

Step = Callable[[Batch, Desk], None]

#: What a record may do to a step that did not expect it; faults of stores are not among them and stop the batch.
POISON = (ValueError, TypeError, LookupError, ArithmeticError, AttributeError, RecursionError)

HOUR = 3600 * SECOND
DAY = 24 * HOUR
#: the clock of a demo's crowd, in microseconds since 1970
CLOCK_HEADER = b"x-mailwake-clock"
#: DESIGN: a delivery settles after 15 quiet minutes
QUIET = 15 * 60 * SECOND
#: the last microsecond of the year 9999, as far as calendars of the stores reach
_LAST = 253_402_300_799_999_999
_MAX_ID = (1 << 63) - 1
_MAX_BYTE = 255
_NOT_COUNTED_ROLES = ("unsubscribe", "preferences", "decoy")


def each(step: Callable[[Item, Batch, Desk], Drop | None]) -> Step:
    """A step over a batch, from one that takes a single record and says why it goes no further."""

    @wraps(step)
    def over_batch(batch: Batch, desk: Desk) -> None:
        kept: list[Item] = []
        for item in batch.items:
            try:
                reason = step(item, batch, desk)
            except POISON as fault:
                reason = set_aside(item, desk, Drop.POISON, f"{step.__name__}: {fault!r}")
            if reason is None:
                kept.append(item)
            else:
                batch.dropped[item.writer, reason] += 1
        batch.items = kept

    return over_batch


def set_aside(item: Item, desk: Desk, reason: Drop, problem: str) -> Drop:
    """Keep a record in the dead-letter folder and give the reason back."""
    desk.dead.keep(item, reason, problem)
    return reason


@each
def drop_unreadable(item: Item, _batch: Batch, desk: Desk) -> Drop | None:
    """A record that is no event of ours, or says what no event can say."""
    try:
        item.event = decode_event(item.record)
        _check(item.event)
    except (msgspec.DecodeError, ValueError) as fault:
        return set_aside(item, desk, Drop.UNREADABLE, str(fault))
    return None


@each
def drop_raw(item: Item, _batch: Batch, desk: Desk) -> Drop | None:
    """A webhook as it came; the events read from it follow. One that nothing could be read from is set aside."""
    if item.event.note is not Note.WEBHOOK:
        return None
    if item.event.cause:
        return set_aside(item, desk, Drop.UNREADABLE, f"{item.event.reason}: {item.event.cause}")
    return Drop.RAW


@each
def put_identity(item: Item, _batch: Batch, _desk: Desk) -> None:
    """An id that is the same however often the record is read, or the fact reported."""
    item.id = identity_of(item)


@each
def drop_duplicate(item: Item, _batch: Batch, desk: Desk) -> Drop | None:
    """A second report of the same fact. What was forgotten here, the store still knows by its id."""
    return Drop.DUPLICATE if item.event.key and not desk.is_news(item.id) else None


@each
def put_clock(item: Item, batch: Batch, desk: Desk) -> None:
    """When it happened: as the source says, else when we learned of it; in a demo, by the crowd's own clock."""
    event = item.event
    item.at = event.received_at if event.at is None else event.at
    if desk.demo.event_clock:
        told, shift = _told_clock(event.request), desk.demo.shift_seconds * SECOND
        if event.type is EventType.CONVERTED:
            shift = 0  # told by hand, when the crowd's week is over
        item.at = Micros(item.at + shift) if told is None else told
        item.event = msgspec.structs.replace(event, at=item.at)
    batch.latest = max(batch.latest, _tick(item, desk))


@each
def put_campaign(item: Item, batch: Batch, desk: Desk) -> None:
    """Campaign, stream, number of links, and the role of the link that was followed."""
    event = item.event
    sent = _sent(event.template, batch, desk)
    if sent is None:
        item.campaign = event.campaign
        item.stream = "marketing" if event.campaign is None else desk.lookups.stream(event.campaign)
        return
    item.campaign, item.stream, item.links = sent.campaign, sent.stream, sent.links
    if event.link is not None:
        item.role = sent.roles.get(event.link)


def put_recipient(batch: Batch, desk: Desk) -> None:
    """The handle of an address that an ESP reports where no token says whose copy it was. The address ends here."""
    named = [item for item in batch.items if item.event.address]
    if not named:
        return
    wanted = {item.event.address for item in named if _is_address(item.event.address)}
    known = desk.state.known_handles(wanted)
    # Somebody whom we never mailed is noted down only where that keeps us from doing so.
    told = [item.event for item in named if item.event.address in wanted - known.keys()]
    unwanted = {event.address for event in told if outcome(desk.bounces, event) is not None}
    known |= desk.state.handles(unwanted, now=batch.latest) if unwanted else {}
    for item in named:
        handle = item.event.recipient or known.get(item.event.address)
        item.event = msgspec.structs.replace(item.event, recipient=handle, address="")


def apply_inert(batch: Batch, desk: Desk) -> None:
    """A withdrawal reaches the edge, before anything else of this batch is looked at, also the ledger."""
    said = [
        (item.event.recipient, Axes[withdrawn_axis(item.event).upper()])
        for item in batch.items
        if item.event.type is EventType.CONSENT_WITHDRAWN and item.event.recipient is not None
    ]
    if said:
        desk.inert.add(said)
        desk.inert.write()
    batch.said = {handle for handle, _ in said}


def apply_consent(batch: Batch, desk: Desk) -> None:
    """What recipients said about being watched goes into the ledger."""
    batch.consents = apply_to_consent(desk.state, desk.withdrawals, batch.items)


def apply_asked(batch: Batch, desk: Desk) -> None:
    """Who was asked for consent is not asked again soon."""
    desk.state.note_asked(asked_of(batch.items))


def put_refusals(batch: Batch, desk: Desk) -> None:
    """When the recipients of this batch's hits did not want to be watched."""
    if batch.said or batch.consents:
        desk.inert.correct(batch.said | batch.consents)
        desk.inert.write()
    hits = {item.event.recipient for item in batch.items if item.event.recipient is not None and is_hit(item.event)}
    batch.refusals = desk.withdrawals.refused_of(hits) if hits else {}


@each
def drop_late_inert(item: Item, batch: Batch, _desk: Desk) -> Drop | None:
    """A hit that the edge would not have recorded had it known what we do."""
    if item.event.recipient not in batch.refusals or not is_hit(item.event):
        return None
    said = batch.refusals[item.event.recipient]
    if is_late(item, said):
        return Drop.LATE_INERT
    for axis in axes_of(item.event):
        if axis in said and item.at < said[axis][-1].since:  # to be dealt with as all that they did before
            known = batch.before.setdefault(item.event.recipient, {})
            known[axis] = max(item.at, known.get(axis, item.at))
    return None


@each
def put_decoy(item: Item, _batch: Batch, _desk: Desk) -> None:
    """A link that no person sees is marked as such."""
    if item.event.note is Note.DECOY:
        item.role = "decoy"
    elif item.role == "decoy" and item.event.type is EventType.CLICKED:
        item.event = msgspec.structs.replace(item.event, type=EventType.UNKNOWN, note=Note.DECOY)


@each
def put_modes(item: Item, batch: Batch, desk: Desk) -> Drop | None:
    """What the mode sealed into the mail allows, and the installation by now: a row, a count, a day, or nothing."""
    event = item.event
    mode = axis_mode(event, desk.lookups.ceiling)
    if mode is Mode.OFF:
        return Drop.MODE_OFF
    if mode is Mode.AGGREGATE:
        return _count(item, batch)
    if mode is Mode.DELIVERABILITY:
        return _keep_day(item, batch)
    if event.request is not None and not is_hit(event) and read_modes(event.modes) != INDIVIDUAL:
        item.event = msgspec.structs.replace(event, request=None)
    return None


def apply_open_days(batch: Batch, desk: Desk) -> None:
    """Mode deliverability: the day of the last open."""
    desk.state.put_open_days(batch.open_days)


def put_domain(batch: Batch, desk: Desk) -> None:
    """The domain of the recipient's address, or a keyed stand-in for it."""
    known = desk.lookups.domains(item.event.recipient for item in batch.items if item.event.recipient is not None)
    for item in batch.items:
        if item.event.recipient is not None:
            item.domain = known.get(item.event.recipient)


def put_raw(batch: Batch, desk: Desk) -> None:
    """Raw user agent and shortened address, kept apart and for days, where the settings ask for it."""
    desk.raw.keep(batch.items)


@each
def put_evidence(item: Item, _batch: Batch, desk: Desk) -> None:
    """What lasts of the request; address and user agent end here."""
    item.evidence = desk.evidence.read(item.event, id=item.id, links=item.links, stream=item.stream, domain=item.domain)
    if item.event.request is not None:
        item.event = msgspec.structs.replace(item.event, request=None)


def put_verdict(batch: Batch, desk: Desk) -> None:
    """P(human) for this event and anew for those it throws a light on, in the order in which they happened."""
    batch.items.sort(key=lambda item: (item.at, item.id))
    batch.here = {item.id: item for item in batch.items}
    _observe(batch, desk)
    desk.clock.saw(batch.latest)
    _settle(batch, desk)


@each
def apply_suppression(item: Item, batch: Batch, desk: Desk) -> None:
    """Who may no longer be mailed, and why."""
    apply_to_suppression(desk.state, item.event, at=item.at, stream=item.stream)
    network = None if item.evidence is None else item.evidence.network
    batch.unsubscribes += desk.holding.put(
        leaves(item.event), id=item.id, at=item.at, campaign=item.campaign, domain=item.domain,
        network=network, streams=unwanted(item.stream), verdict=item.verdict,
    )  # fmt: skip


def apply_refusals(batch: Batch, desk: Desk) -> None:
    """Dead addresses are suppressed, others counted; many at once are somebody's outage, or a fault of ours."""
    desk.keeper.take(troubles_of(batch.items, desk.bounces))


def write(batch: Batch, desk: Desk) -> None:
    """Rows, verdicts, counters, how far the log was read and what became of it: all of it or nothing."""
    batch.settle_before = Micros(desk.settled_until - QUIET) if batch.sweeps else None
    rows = [event_row(item, item.evidence) for item in batch.items if item.evidence is not None]
    batch.applied.update(item.writer for item in batch.items if item.evidence is not None)
    news = batch.rejudged | {
        item.id: item.verdict
        for item in batch.items
        if item.verdict is not None and item.verdict.state is Settlement.SETTLED and not item.is_final
    }
    cuts = cuts_of(batch, desk)
    if not (rows or news or batch.counters or batch.cursors or batch.sweeps or cuts):
        return
    batch.written = len(rows)
    batch.added = desk.events.write(
        rows=rows,
        rejudged=[judgement(identity, verdict, batch.why[identity]) for identity, verdict in news.items()],
        counters=counter_rows(batch.counters),
        taken=taken_rows(batch) if batch.cursors else (),
        cursors=batch.cursors,
        settle_before=batch.settle_before,
        cuts=cuts,
    )
    desk.cut_line = desk.cut_line if cuts is None else cuts.line


def apply_holds(batch: Batch, desk: Desk) -> None:
    """Unsubscriptions that may be a machine's are held, and applied when nobody took them back in time."""
    if batch.unsubscribes or batch.sweeps:
        desk.holding.look(desk.clock.settled_until())
    if batch.sweeps:
        desk.keeper.sweep(desk.clock.settled_until())


STEPS: tuple[Step, ...] = (
    drop_unreadable,
    drop_raw,
    put_goal,
    put_identity,
    drop_duplicate,
    put_clock,
    put_recipient,
    put_telling,
    put_campaign,
    apply_inert,
    apply_consent,
    apply_asked,
    put_refusals,
    drop_late_inert,
    put_decoy,
    put_modes,
    apply_open_days,
    put_domain,
    put_raw,
    put_evidence,
    put_verdict,
    apply_suppression,
    apply_refusals,
    write,
    apply_holds,
)


def run_steps(batch: Batch, desk: Desk, steps: Iterable[Step] = STEPS) -> None:
    """Take a batch through the steps; afterwards it is stored, with everything that follows from it.

    Raises:
        Unavailable: a store is away. Nothing of the batch is stored as events; what was applied may be applied again.
    """
    for step in steps:
        started = perf_counter()
        step(batch, desk)
        spent = desk.seconds.get(step.__name__, 0.0)
        desk.seconds[step.__name__] = spent + perf_counter() - started


def _check(event: Event) -> None:
    """Raises ValueError for numbers that no store can hold."""
    if not 0 <= event.modes <= _MAX_BYTE:
        raise ValueError("the modes are no byte")
    read_modes(event.modes)
    if event.link is not None and event.link > MAX_LINK_NUMBER:
        raise ValueError("the link's number is above what a token holds")
    ids = (event.campaign, event.template, event.delivery, event.recipient, event.link, event.message_bytes)
    if any(number is not None and not 0 <= number <= _MAX_ID for number in ids):
        raise ValueError("a number is below zero or above 63 bits")
    if not 0 <= event.received_at <= _LAST or (event.at is not None and not 0 <= event.at <= _LAST):
        raise ValueError("a time is outside the calendar")


def _sent(template: TemplateId | None, batch: Batch, desk: Desk) -> Sent | None:
    """A template. One that the state store does not know is asked for once per batch; each time is a millisecond."""
    if template is None or template in batch.unknown:
        return None
    found = desk.lookups.template(template)
    if found is None:
        batch.unknown.add(template)
    return found


def _is_address(text: str) -> bool:
    try:
        split_address(text)
    except BadInput:
        return False
    return True


def _told_clock(request: Request | None) -> Micros | None:
    for name, value in () if request is None else request.headers:
        if name.lower() == CLOCK_HEADER and value.isdigit() and int(value) <= _LAST:
            return Micros(int(value))
    return None


def _tick(item: Item, desk: Desk) -> Micros:
    """How far an event moves the clock: never past the moment we learned of it, except where time itself is a play."""
    return item.at if desk.demo.event_clock else min(item.at, item.event.received_at)


def _count(item: Item, batch: Batch) -> Drop:
    event = item.event
    if event.source is Source.ESP:  # our own pixel and links have counted it, and a counter names no source
        return Drop.NOT_COUNTED
    plain = event.type in (EventType.OPENED, EventType.CLICKED) and event.note in (Note.NONE, Note.DETOUR)
    if not plain or item.campaign is None or event.template is None or item.role in _NOT_COUNTED_ROLES:
        return Drop.NOT_COUNTED
    hour = Micros(item.at - item.at % HOUR)
    batch.counters[item.campaign, event.template, event.link or 0, hour, event.type] += 1
    return Drop.COUNTED


def _keep_day(item: Item, batch: Batch) -> Drop:
    recipient = item.event.recipient
    if recipient is None or item.event.type is not EventType.OPENED:
        return Drop.NOT_COUNTED
    day = datetime.fromtimestamp(item.at // SECOND, UTC).date()
    batch.open_days[recipient] = max(day, batch.open_days.get(recipient, day))
    return Drop.DAY_KEPT


def _observe(batch: Batch, desk: Desk) -> None:
    """Judge what came within one second of the events' time together: in a burst that is far less work."""
    kept: list[Item] = []
    together: list[Item] = []
    for item in batch.items:
        desk.clock.saw(_tick(item, desk))
        if _may_settle(desk):
            kept += _judge(together, batch, desk)
            together = []
            _settle(batch, desk)
        together.append(item)
    batch.items = kept + _judge(together, batch, desk)


def _judge(items: list[Item], batch: Batch, desk: Desk) -> list[Item]:
    """Those that were judged; where one cannot be, it is found by judging each alone, and set aside."""
    try:
        _observe_together(items, batch, desk)
    except POISON as fault:
        if len(items) > 1:
            return [item for each in items for item in _judge([each], batch, desk)]
        reason = set_aside(items[0], desk, Drop.POISON, f"put_verdict: {fault!r}")
        batch.dropped[items[0].writer, reason] += 1
        return []
    return items


def _observe_together(items: list[Item], batch: Batch, desk: Desk) -> None:
    evidence = {item.id: item.evidence for item in items if item.evidence is not None}
    here = {item.id: item for item in items}
    last = {each.delivery: identity for identity, each in evidence.items()}
    for each in desk.judge.observe_many(evidence.values()):
        cause = here[each.id if each.delivery is None else last[each.delivery]]
        _take_over((each,), batch, Why(_tick(cause, desk), cause.id))
        if each.id in here:
            here[each.id].is_final = each.verdict.state is Settlement.SETTLED


def _settle(batch: Batch, desk: Desk) -> None:
    """Let the judge close what has been quiet, at every second of the events' time."""
    if _may_settle(desk):
        desk.settled_until = until = desk.clock.settled_until()
        _take_over(desk.judge.settle(until), batch, Why(until))


def _may_settle(desk: Desk) -> bool:
    return desk.clock.settled_until() >= desk.settled_until + SECOND


def _take_over(judged: Iterable[Judged], batch: Batch, why: Why) -> None:
    for identity, _, verdict in judged:
        batch.why[identity] = why
        item = batch.here.get(identity)
        if item is None:
            batch.rejudged[identity] = verdict
        else:
            item.verdict = verdict
