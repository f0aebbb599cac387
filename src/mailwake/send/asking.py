"""Who may not be asked for consent yet: whoever refused or kept silent, for as long as their profile says."""

from __future__ import annotations

from collections.abc import Iterable

from mailwake.events import SECOND, Handle, Micros
from mailwake.profiles import CONSENT_REQUEST, Profile, profiles_of
from mailwake.store.consent.asking import may_ask_again
from mailwake.store.consent.ledger import COUNTRY
from mailwake.store.state import StateStore, Suppression

#: the source of such a suppression: the profile says so
TOO_SOON = "profile"


def asked_too_soon(
    state: StateStore, handles: Iterable[Handle], profile: Profile | None, *, now: Micros
) -> dict[Handle, Suppression]:
    """Those whom nobody may ask for consent now, with the day from which on they may be asked.

    Args:
        state: what they said, and when they were asked.
        handles: whom somebody wants to ask.
        profile: of the installation; None: it chose none, and nobody has to wait.
        now: the time.
    """
    if profile is None:
        return {}
    wanted = list(handles)
    held, asked, people = state.held_consents(wanted), state.asked(wanted), state.recipients(wanted)
    found = {}
    for handle in wanted:
        country = people[handle].fields.get(COUNTRY) if handle in people else None
        free = may_ask_again(held.get(handle, {}), asked.get(handle), profiles_of(profile, country))
        if free is None or (until := Micros(int(free.timestamp()) * SECOND)) <= now:
            continue
        found[handle] = Suppression(
            handle=handle,
            reason=f"refused or did not answer; may be asked for consent again from {free:%Y-%m-%d} on",
            source=TOO_SOON,
            at=now,
            stream=CONSENT_REQUEST,
            expires_at=until,
        )
    return found
