"""Apple Mail Privacy Protection: its proxy fetches images before, or when, a person opens. A mixture, not a name.

P(person) = w h_person(t) / (w h_person(t) + (1-w) h_fetch(t)), with h_person the curve of opens after delivery, lower
at night, and h_fetch an early part (charging and on Wi-Fi when the mail arrives) and a late part that peaks at night.
A click soon after says that somebody was there. Sources: ruleset, section mpp.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log, pi, sqrt

from mailwake.events import SECOND, Micros
from mailwake.judge.families.timing import delay, span
from mailwake.judge.rules import Cell, Rules

_DAY, _HOUR = 86_400.0, 3600.0
#: Local hours in which phones lie on their chargers.
_NIGHT_HOURS = 6.0
#: Below this a delay is no delay: clocks are read in whole seconds.
_LEAST_SECONDS = 1.0


def weigh(
    rules: Rules, *, at: Micros, anchor: Micros | None, country: str | None, clicks: Sequence[Micros]
) -> tuple[float, Cell]:
    """The one thing that counts of such an open: the log-odds of the mixture, and its cell.

    Args:
        country: where Apple's exit says the person is, for the local hour.
        clicks: times of a person's clicks on the same copy.
    """
    numbers = rules.numbers
    seconds = delay(rules, at, anchor)
    night = _is_night(rules, at, country)
    if seconds is None:
        p, fact = (
            numbers["mpp.person_share"],
            "Apple's privacy proxy; no delivery time to tell a person from a prefetch",
        )
    else:
        p = _mixture(rules, max(seconds, _LEAST_SECONDS), night)
        hour = {True: ", at local night", False: ", by local day", None: ""}[night]
        fact = f"Apple's privacy proxy {span(seconds)} after delivery{hour}: a person or a prefetch"
    p = min(max(p, numbers["mpp.least"]), numbers["mpp.most"])
    followed = _click_says(rules, at, clicks)
    if followed > p:
        p, fact = followed, "Apple's privacy proxy, with a person's click soon after"
    return log(p / (1 - p)), Cell("mpp_mixture", fact)


def _mixture(rules: Rules, seconds: float, night: bool | None) -> float:
    numbers = rules.numbers
    share = numbers["mpp.person_share"]
    sigma = numbers["mpp.open_sigma"]
    z = (log(seconds) - numbers["mpp.open_mu"]) / sigma
    person = exp(-z * z / 2) / (sqrt(2 * pi) * sigma * seconds)
    if night is not None:
        person *= numbers["mpp.person_at_night"] if night else 1.0
    early, limit = numbers["mpp.early_share"], numbers["mpp.early_seconds"]
    fetch = early / (seconds * log(limit)) if seconds <= limit else 0.0
    fetch += (1 - early) * _late(rules, night) * exp(-max(0.0, seconds - _DAY) / _DAY)
    return share * person / (share * person + (1 - share) * fetch)


def _late(rules: Rules, night: bool | None) -> float:
    """Density of late fetches, per second of the first day."""
    at_night = rules.numbers["mpp.night_share"]
    if night is None:
        return 1 / _DAY
    return at_night / (_NIGHT_HOURS * _HOUR) if night else (1 - at_night) / (_DAY - _NIGHT_HOURS * _HOUR)


def _is_night(rules: Rules, at: Micros, country: str | None) -> bool | None:
    offset = rules.utc_offset.get(country) if country else None
    if offset is None:
        return None
    return ((at / SECOND) / _HOUR + offset) % 24 < _NIGHT_HOURS


def _click_says(rules: Rules, at: Micros, clicks: Sequence[Micros]) -> float:
    after = [each - at for each in clicks if each >= at]
    if not after:
        return 0.0
    soonest = min(after)
    if soonest <= 60 * SECOND:
        return rules.numbers["mpp.click_within_60_s"]
    return rules.numbers["mpp.click_within_30_min"] if soonest <= 1800 * SECOND else 0.0
