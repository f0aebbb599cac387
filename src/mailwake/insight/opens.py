"""How many people opened, really?

Pixels fail at both ends: machines fetch them unread, and people read without pictures. People outside Apple Mail
Privacy Protection who clicked tell how often pictures load, because whoever clicked had opened; that puts the first
part right. Behind the protection every pixel is fetched, so clicks and the likeness to the others stand in for it. What
is assumed, and what cannot be told, is in docs/explain/opens.md.

Pure: `true_opens` needs no store.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Any

from mailwake.language import say
from mailwake.stats.cohorts import LEAST_BOTH, LEAST_SEEN, Estimate, Prior, Stratum, estimate
from mailwake.stats.recapture import NOTHING, Sums, sums
from mailwake.stats.uncertain import count_interval, with_group_error

#: how far back Apple's privacy proxy puts a recipient behind it
PROXY_DAYS = 90
CONFIDENCE = 0.9
#: clickers who load pictures with twice the odds of other readers: the other end of what is likely
DEPENDENT = 2.0
#: of opened copies, those whose program is not known; with more of them nobody can tell the privacy proxy's share
MOST_UNNAMED = 0.1


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """One delivered copy that can tell of both opens and clicks, as it was judged."""

    #: Apple's privacy proxy fetched pictures for its recipient in the last `PROXY_DAYS`, in any campaign
    behind_proxy: bool
    #: probability that a person opened it, 0-1: 1 - Π(1 - P) over those who fetched the pixel; 0: nobody did
    opened: float
    #: probability that a person clicked in it, 0-1; 0: nobody did
    clicked: float
    #: opened by a program that nobody told us, so that Apple's privacy proxy cannot be told from others
    unnamed: bool = False
    #: copies that are alike in whether pictures load: the recipient's domain, or a family of mail clients
    group: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class People:
    """How many people did it in this campaign, as far as verdicts tell."""

    #: sum of the probabilities; of copies
    expected: float
    #: standard deviation of the true number, with errors that verdicts on one domain share
    sd: float
    #: lower end of the interval, copies
    low: float
    #: upper end of the interval, copies
    high: float


@dataclass(frozen=True, kw_only=True, slots=True)
class TrueOpens:
    """Raw, machines, people by verdicts, and people as estimated, of one campaign."""

    #: delivered copies that can tell of both opens and clicks: the base of all figures here
    base: int
    #: copies whose pixel was fetched by anybody or anything
    raw: int
    #: raw without the people by verdicts, copies
    machine: float
    #: people by verdicts, copies: the sum of P(person opened)
    human: float
    #: copies that people opened, with pictures or without, as estimated; None: cannot say
    size: float | None
    #: the same as a share of `base`, 0-1
    rate: float | None
    #: lower end of the interval of `rate`, 0-1
    low: float | None
    #: upper end of it
    high: float | None
    #: two-sided coverage of every interval here, 0-1
    confidence: float
    #: what `rate` would be if people who click load pictures with twice the odds of those who only read, 0-1
    rate_if_dependent: float | None
    #: how often pictures load for people outside the protection, 0-1
    pictures_load: float | None
    #: copies in `base` of recipients behind Apple Mail Privacy Protection
    behind_proxy: int
    #: people who clicked among the others, copies: what the estimate rests on
    clicked_outside: float
    #: unique clickers
    clicked: People
    #: hashes of the rules that judged, those of most events first
    rulesets: tuple[str, ...]
    #: whether earlier campaigns say more in it than this one
    leans_on_prior: bool = False
    #: why there is no estimate; None when there is one
    cannot_say: str | None = None


def true_opens(
    deliveries: Iterable[Delivery], *, prior: Prior | None = None, confidence: float = CONFIDENCE
) -> TrueOpens:
    """The estimate from judged copies alone.

    Args:
        deliveries: delivered copies that can tell of both opens and clicks, also those that nobody opened.
        prior: share of openers in earlier campaigns, and worth how many copies; without it a thin campaign has none.
        confidence: two-sided coverage of the intervals, between 0 and 1.

    Raises:
        ValueError: a probability, the prior or the confidence cannot be.
    """
    cells: dict[tuple[str | None, bool], list[tuple[float, float]]] = {}
    unnamed = 0
    for each in deliveries:
        unnamed += each.unnamed
        cells.setdefault((each.group, each.behind_proxy), []).append((each.opened, each.clicked))
    counted = {place: sums(pairs) for place, pairs in cells.items()}
    raw = sum(opened > 0 for pairs in cells.values() for opened, _ in pairs)
    return _told(counted, raw=raw, unnamed=unnamed, rulesets=(), prior=prior, confidence=confidence)


def from_rows(rows: Iterable[Mapping[str, Any]], rulesets: Iterable[str]) -> TrueOpens:
    """The estimate from the store's answer to `openers`.

    Args:
        rows: one for each domain and side of the proxy, with sums of probabilities in ten-thousandths, and of products
            of two in hundred-millionths.
        rulesets: hashes.
    """
    counted: dict[tuple[str | None, bool], Sums] = {}
    raw = unnamed = 0
    for row in rows:
        counted[row["domain"], bool(row["behind_proxy"])] = _sums(row)
        raw += row["opened_raw"]
        unnamed += row["unnamed"]
    return _told(counted, raw=raw, unnamed=unnamed, rulesets=tuple(rulesets), prior=None, confidence=CONFIDENCE)


def _sums(row: Mapping[str, Any]) -> Sums:
    one, two = 1e4, 1e8
    return Sums(
        units=row["units"],
        marked=row["p"] / one,
        seen=row["q"] / one,
        both=row["r"] / one,
        marked_marked=row["pp"] / two,
        seen_seen=row["qq"] / two,
        both_both=row["rr"] / two,
        marked_seen=row["pq"] / two,
        marked_both=row["pr"] / two,
        seen_both=row["qr"] / two,
        any_marked=row["opened_raw"],
        any_seen=row["clicked_raw"],
    )


def _told(
    counted: Mapping[tuple[str | None, bool], Sums],
    *,
    raw: int,
    unnamed: int,
    rulesets: tuple[str, ...],
    prior: Prior | None,
    confidence: float,
) -> TrueOpens:
    groups = dict.fromkeys(group for group, _ in counted)
    strata = [
        Stratum(open=counted.get((group, False), NOTHING), veiled=counted.get((group, True), NOTHING))
        for group in groups
    ]
    whole = sum(strata, start=Stratum())
    hidden = unnamed > MOST_UNNAMED * raw
    found = None if hidden else estimate(strata, prior=prior, confidence=confidence)
    dependent = found and estimate(strata, prior=prior, confidence=confidence, odds_ratio=DEPENDENT)
    base, human = whole.open.units + whole.veiled.units, whole.open.marked + whole.veiled.marked
    return TrueOpens(
        base=base,
        raw=raw,
        machine=max(0.0, raw - human),
        human=human,
        size=None if found is None else found.size,
        rate=_share(found),
        low=None if found is None else found.interval.low / base,
        high=None if found is None else found.interval.high / base,
        confidence=confidence,
        rate_if_dependent=_share(dependent),
        pictures_load=None if found is None else found.mark_rate,
        behind_proxy=whole.veiled.units,
        clicked_outside=whole.open.seen,
        clicked=_clickers(strata, base, confidence),
        rulesets=rulesets,
        leans_on_prior=found is not None and found.leans_on_prior,
        cannot_say=None
        if found is not None
        else say("cannot say: %(why)s", why=_why_hidden(unnamed, raw) if hidden else _why(whole)),
    )


def _share(found: Estimate | None) -> float | None:
    return None if found is None else found.size / found.units


def _clickers(strata: Iterable[Stratum], base: int, confidence: float) -> People:
    clicked = with_group_error(
        (each.open.seen + each.veiled.seen, each.open.seen_doubt + each.veiled.seen_doubt) for each in strata
    )
    interval = count_interval(clicked, base, confidence=confidence)
    return People(expected=clicked.mean, sd=sqrt(clicked.variance), low=interval.low, high=interval.high)


def _why_hidden(unnamed: int, raw: int) -> str:
    return say(
        "of %(raw)s opened copies %(unnamed)s were opened by a program that is not known, so that Apple's "
        "privacy proxy, which fetches unread, cannot be told from people",
        raw=raw,
        unnamed=unnamed,
    )


def _why(whole: Stratum) -> str:
    """Why nothing can be said, in words."""
    if not whole.open.units and not whole.veiled.units:
        return say("no delivered copy can tell of both opens and clicks")
    if not whole.open.units:
        return say("all recipients are behind Apple Mail Privacy Protection, which fetches every pixel")
    seen, both = whole.open.seen, whole.open.both
    if seen < LEAST_SEEN:
        return say(
            "the number of people who clicked outside Apple Mail Privacy Protection is about %(seen)s, and "
            "it takes %(least)s to tell how many read without pictures",
            seen=f"{seen:.0f}",
            least=LEAST_SEEN,
        )
    return say(
        "of about %(seen)s people who clicked, about %(both)s had loaded the pictures, and it takes %(least)s "
        "to tell how often pictures load",
        seen=f"{seen:.0f}",
        both=f"{both:.0f}",
        least=LEAST_BOTH,
    )
