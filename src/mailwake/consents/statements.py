"""What somebody is said to have said, weighed before it is written down.

A list, a program or another system may tell of consent; only the newest word of the recipient holds. Who withdrew stays
so until something newer comes with a proof of its own. What loses is told with the reason, and is not written down.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta

from mailwake.consents import words
from mailwake.errors import BadInput
from mailwake.events import SECOND, Handle, Micros
from mailwake.profiles import Profile, profile_of_country
from mailwake.store.consent.ledger import COUNTRY, REFUSALS, axes_of, entry_of
from mailwake.store.state import (
    Axis,
    Consent,
    ConsentEntry,
    ConsentText,
    Held,
    Proof,
    Recipient,
    StateStore,
    address_key,
)

#: Clocks differ; what is said to be later than that was never said.
_AHEAD = int(timedelta(days=1).total_seconds()) * SECOND
#: Statements of one transaction.
_PART = 1_000


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What somebody is said to have said, as it was told: unchecked text."""

    address: str = field(repr=False)
    state: str
    axis: str = ""
    #: when they said it; empty: it does not say
    at: str = ""
    #: one of `words.METHODS`; empty: as whoever tells it
    method: str = ""
    #: number or SHA-256 of the text they were shown
    text: str = ""
    locale: str = ""
    url: str = ""
    proof: str = ""
    #: in the list, from 1; 0: no list
    number: int = 0


@dataclass(frozen=True, kw_only=True)
class Lost:
    """A statement that does not count."""

    statement: Statement
    why: str


@dataclass(frozen=True, kw_only=True)
class Weighed:
    """What would become of some statements."""

    #: in the order told
    new: tuple[ConsentEntry, ...]
    #: hold already, to the second
    known: int
    lost: tuple[Lost, ...]


@dataclass(frozen=True, kw_only=True)
class Teller:
    """Who tells."""

    #: api, import, salesforce, or support
    source: str
    #: a person, or where they sat
    by: str
    #: of statements that name none
    method: str = ""


@dataclass(frozen=True, kw_only=True)
class _Around:
    texts: Mapping[str, ConsentText]
    people: Mapping[Handle, Recipient]
    held: dict[Handle, dict[Axis, Held]]
    profile: Profile | None
    teller: Teller
    now: Micros


def weigh(
    state: StateStore, told: Sequence[Statement], *, teller: Teller, profile: Profile | None, now: Micros
) -> Weighed:
    """What counts of some statements. Recipients that nobody knows yet get a handle; nothing else is changed.

    Args:
        state: where the ledger is kept.
        told: the statements; of one recipient in any order.
        teller: who tells.
        profile: of the installation; None: none.
        now: the time.
    """
    readable = [each for each in told if _is_address(each.address)]
    handles = state.handles((each.address.strip() for each in readable), now=now)
    around = _Around(
        texts=_texts(state.consent_texts()),
        people=state.recipients(handles.values()),
        held=state.held_consents(handles.values()),
        profile=profile,
        teller=teller,
        now=now,
    )
    new: list[ConsentEntry] = []
    lost: list[Lost] = []
    known = 0
    for each in told:
        try:
            if (handle := handles.get(each.address.strip())) is None:
                raise BadInput(f"{each.address[:80]!r} is no address")
            entry = _entry(each, handle, around)
        except BadInput as fault:
            lost.append(Lost(statement=each, why=str(fault)))
            continue
        held = around.held.get(handle, {})
        if _is_known(entry, held) or (held and _stands(state, entry)):
            known += 1
            continue
        new.append(entry)
        _hold(around.held.setdefault(handle, {}), entry)
    return Weighed(new=tuple(new), known=known, lost=tuple(lost))


def write(
    state: StateStore, entries: Sequence[ConsentEntry], *, progress: Callable[[int], object] = lambda _count: None
) -> None:
    """Write down what counts; may be done again after a crash, for what holds already is known then."""
    for start in range(0, len(entries), _PART):
        part = entries[start : start + _PART]
        state.put_consents(part)
        progress(len(part))


def say_once(state: StateStore, statement: Statement, *, teller: Teller, profile: Profile | None, now: Micros) -> bool:
    """Weigh and write down one statement; False: it holds already.

    Raises:
        BadInput: it does not count, and why.
    """
    weighed = weigh(state, [statement], teller=teller, profile=profile, now=now)
    if weighed.lost:
        raise BadInput(weighed.lost[0].why)
    write(state, weighed.new)
    return bool(weighed.new)


def _is_address(text: str) -> bool:
    try:
        address_key(text.strip())
    except BadInput:
        return False
    return True


def _texts(found: Iterable[ConsentText]) -> dict[str, ConsentText]:
    return {key: each for each in found for key in (str(each.id), each.sha256)}


def _entry(told: Statement, handle: Handle, around: _Around) -> ConsentEntry:
    """The line of a statement.

    Raises:
        BadInput: it cannot be understood, or does not count.
    """
    at = words.moment_of(told.at)
    if at is not None and at > around.now + _AHEAD:
        raise BadInput(f"it is said to have been said on {words.day(at)}, which has not come yet")
    teller = around.teller
    method = words.method_of(told.method or teller.method or teller.source)
    text = _text(told.text, around.texts)
    proof = Proof(
        method=method,
        text=text.id if text else None,
        text_sha256=text.sha256 if text else "",
        locale=words.locale_of(told.locale) or (text.locale if text else ""),
        actor=words.plain(teller.by, "name"),
        url=words.url_of(told.url),
        proof=words.plain(told.proof, "proof"),
        noted_at=around.now,
    )
    axis, state = words.axis_of(told.axis), words.state_of(told.state)
    if method == "legacy_notice":
        _check_notice(state, around.people[handle], text, around.profile)
    entry = entry_of(handle, axis=axis, state=state, at=at or around.now, source=teller.source, proof=proof)
    _check_newer(entry, around.held.get(handle, {}), has_time=at is not None)
    return entry


def _text(told: str, texts: Mapping[str, ConsentText]) -> ConsentText | None:
    if not told.strip():
        return None
    if (found := texts.get(told.strip().lower())) is None:
        raise BadInput(f"there is no text {told[:70]!r} here; keep it first: mailwake consent texts --add FILE")
    return found


def _check_notice(state: Consent, who: Recipient, text: ConsentText | None, profile: Profile | None) -> None:
    """That nobody objected to a notice counts for people of before alone, and only with the notice."""
    place = profile_of_country(who.fields.get(COUNTRY))
    ends = [each.legacy_notice_until for each in (profile, place) if each is not None]
    if state in REFUSALS or not ends:
        return
    if text is None:
        raise BadInput("a notice that nobody objected to has to be named: give the number of its text")
    for last in ends:
        if last is None:
            names = " and ".join(each.name for each in (profile, place) if each is not None)
            raise BadInput(f"profile {names} knows no notice that stands for consent; ask them")
        until = datetime.combine(last + timedelta(days=1), time(), UTC).timestamp() * SECOND
        if who.first_seen_at >= until:
            raise BadInput(f"they are known only since {words.day(who.first_seen_at)}, after {last}; ask them")


def _check_newer(entry: ConsentEntry, held: Mapping[Axis, Held], *, has_time: bool) -> None:
    """Only what is newer and proved takes back a refusal."""
    if entry.state in REFUSALS:
        return
    refused = [held[axis] for axis in axes_of(entry.axis) if axis in held and held[axis].state in REFUSALS]
    if not refused:
        return
    last = max(refused, key=lambda each: each.at)
    said = f"they {words.STATES[last.state]} on {words.day(last.at)}"
    if not has_time or entry.at <= last.at:
        raise BadInput(f"{said}, and this tells of nothing later; give the time of a newer consent, and its proof")
    if entry.state is not Consent.GRANTED or not (entry.text or entry.url or entry.proof):
        raise BadInput(f"{said}; a newer consent has to come with a proof: its text, its page or the number of a form")


def _is_known(entry: ConsentEntry, held: Mapping[Axis, Held]) -> bool:
    same = Held(state=entry.state, at=entry.at)
    return all(held.get(axis) == same for axis in axes_of(entry.axis))


def _stands(state: StateStore, entry: ConsentEntry) -> bool:
    """Whether the ledger has a line that says it, though another holds by now: an export read again changes nothing."""
    said = (entry.axis, entry.state, entry.at)
    return any((each.axis, each.state, each.at) == said for each in state.consents(entry.handle))


def _hold(held: dict[Axis, Held], entry: ConsentEntry) -> None:
    """What holds after a line, as the store works it out."""
    for axis in axes_of(entry.axis):
        before = held.get(axis)
        is_tie = before is not None and before.at == entry.at
        is_later = before is None or before.at < entry.at
        if is_later or (is_tie and before is not None and (before.state not in REFUSALS or entry.state in REFUSALS)):
            held[axis] = Held(state=entry.state, at=entry.at)
