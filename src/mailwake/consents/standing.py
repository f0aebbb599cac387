"""All about one recipient's consent: what holds, how closely they are watched and why, and every line of the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from mailwake.consents import words
from mailwake.errors import BadInput
from mailwake.events import SECOND, Handle, Micros
from mailwake.profiles import profiles_of
from mailwake.settings import Settings
from mailwake.store.consent.asking import may_ask_again
from mailwake.store.consent.ledger import COUNTRY, WATCHED, axes_of
from mailwake.store.state import Axis, Consent, ConsentEntry, Held, StateStore


class NobodyKnown(BadInput):
    """Somebody was asked for whom nobody has mailed and nobody has told of."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """One line of the ledger."""

    #: its place in the ledger
    line: int
    axis: str
    state: str
    #: when it was said, and when it was written down, UTC
    at: datetime
    noted_at: datetime
    method: str
    source: str
    actor: str
    #: number of the text; None: not known
    text: int | None
    text_sha256: str
    locale: str
    url: str
    proof: str
    previous: str
    hash: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Holds:
    """What holds on one axis."""

    state: str
    #: since when, UTC; None: they never said anything
    at: datetime | None
    method: str | None
    text_sha256: str | None
    #: of opens and clicks: how closely mail sent now may watch them, and which level decided it
    mode: str | None
    by: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ConsentAnswer:
    """Everything about one recipient's consent."""

    address: str
    #: ISO 3166-1; None: not known
    country: str | None
    #: those that hold for them: the installation's, and that of their country
    profiles: tuple[str, ...]
    #: how sure those are
    note: str
    axes: Mapping[str, Holds]
    #: as Brevo tells it: true, false, or null where neither was said of opens
    contactPixelTrackingConsent: bool | None  # noqa: N815 - their word
    #: from then on they may be asked again; None: nothing speaks against it
    may_ask_again: datetime | None
    ledger: tuple[Said, ...]


def consent_of(state: StateStore, settings: Settings, address: str) -> ConsentAnswer:
    """All about one recipient.

    Raises:
        NobodyKnown: nobody knows them.
        BadInput: it is no address.
    """
    handle = next(iter(state.known_handles([address]).values()), None)
    if handle is None:
        raise NobodyKnown(f"nobody is known at {address[:320]}")
    recipient = state.recipients([handle])[handle]
    country = (recipient.fields.get(COUNTRY) or "").strip().upper() or None
    presets = profiles_of(settings.profile, country)
    entries = state.consents(handle)
    held = state.held_consents([handle]).get(handle, {})
    axes = _axes(state, settings, handle, held=held, entries=entries)
    yes_or_no = {Consent.GRANTED: True, Consent.DENIED: False, Consent.WITHDRAWN: False}
    return ConsentAnswer(
        address=recipient.address,
        country=country,
        profiles=tuple(each.name for each in presets),
        note=presets[0].disclaimer if presets else "",
        axes=axes,
        contactPixelTrackingConsent=yes_or_no.get(Consent(axes[Axis.OPENS].state)),
        may_ask_again=may_ask_again(held, state.asked([handle]).get(handle), presets),
        ledger=tuple(_said(each) for each in entries),
    )


def _axes(
    state: StateStore,
    settings: Settings,
    handle: Handle,
    *,
    held: Mapping[Axis, Held],
    entries: list[ConsentEntry],
) -> dict[str, Holds]:
    modes = state.modes([handle], **settings.limits)[handle]
    decided = {Axis.OPENS: (modes.opens, modes.opens_by), Axis.CLICKS: (modes.clicks, modes.clicks_by)}
    found = {}
    for axis in (*WATCHED, Axis.PROFILE, Axis.HYGIENE):
        here = held.get(axis)
        line = _line(entries, axis, here.at, here.state) if here is not None else None
        mode, by = decided.get(axis, (None, None))
        found[str(axis)] = Holds(
            state=str(here.state if here is not None else Consent.UNKNOWN),
            at=None if here is None else moment(here.at),
            method=None if line is None else line.method,
            text_sha256=None if line is None else line.text_sha256,
            mode=None if mode is None else mode.word,
            by=by,
        )
    return found


def _line(entries: list[ConsentEntry], axis: Axis, at: Micros, state: Consent) -> ConsentEntry | None:
    """The line that what holds rests on."""
    fit = [each for each in entries if axis in axes_of(each.axis) and (each.at, each.state) == (at, state)]
    return fit[-1] if fit else None


def _said(entry: ConsentEntry) -> Said:
    return Said(
        line=entry.number,
        axis=str(entry.axis),
        state=str(entry.state),
        at=moment(entry.at),
        noted_at=moment(entry.noted_at),
        method=entry.method,
        source=entry.source,
        actor=entry.actor,
        text=entry.text,
        text_sha256=entry.text_sha256,
        locale=entry.locale,
        url=entry.url,
        proof=entry.proof,
        previous=entry.previous,
        hash=entry.hash,
    )


def moment(at: Micros) -> datetime:
    """A time as answers have it."""
    return datetime.fromtimestamp(at / SECOND, UTC)


def to_json(answer: ConsentAnswer) -> bytes:
    """An answer as JSON, the same to the byte for everybody: one line."""
    return msgspec.json.encode(answer) + b"\n"


def how(method: str, source: str) -> str:
    """How something was said, in words that a translator knows."""
    return words.METHODS.get(method, source)
