"""When a provider began to treat mail worse: each send to it against those of the weeks before.

A send is one campaign's copies to one provider on one day; smaller ones of a day stand together. Looked at are
deferrals, bounces and complaints that rise and clicks that fall, each a day after sending: age then explains nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from mailwake.deliverability.answers import Sent, Turn, Unseen
from mailwake.errors import NotEnoughData
from mailwake.insight.metrics import metrics, rate
from mailwake.insight.tally import Tally, add
from mailwake.stats.shifts import Shift, find_shift

#: A send with fewer copies tells nothing alone. Judgement.
LEAST_COPIES = 20
#: Changes are looked for in so many days, held against the days before them.
RECENT_DAYS = 14
#: Metric to whether it is worse when it falls.
WATCHED: Mapping[str, bool] = {
    "deferral_rate__sent": False,
    "bounce_rate__sent": False,
    "complaint_rate__delivered": False,
    "human_click_rate__delivered_trackable": True,
}
#: These need a day until they are counted; the others hardly.
_LATE = frozenset(("complaint_rate__delivered", "human_click_rate__delivered_trackable"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Send:
    """A campaign's copies to one provider on one day."""

    day: int
    #: None: several small ones together, or not known
    campaign: int | None
    tally: Tally


def sends_of(rows: Sequence[Send]) -> list[Send]:
    """In order of time; those too small to tell anything alone are put together by day."""
    small: dict[int, list[Send]] = defaultdict(list)
    large: list[Send] = []
    for each in rows:
        (large if each.tally.sent >= LEAST_COPIES else small[each.day]).append(each)
    for day, some in small.items():
        one = add(each.tally for each in some)
        if one.sent >= LEAST_COPIES:
            large.append(Send(day=day, campaign=some[0].campaign if len(some) == 1 else None, tally=one))
    return sorted(large, key=lambda each: (each.day, each.campaign or 0))


#: A change so large is one that anybody would want to hear of.
LARGE = 3.0


def turns(
    provider: str, sends: Sequence[Send], today: int, names: Mapping[int, str]
) -> tuple[list[Turn], bool, list[Unseen]]:
    """What got worse there, whether that could be told at all, and of what even a large change would go unseen.

    Args:
        provider: its name.
        sends: as `sends_of` gives them.
        today: number of the day that it is.
        names: of campaigns.
    """
    found: list[Turn] = []
    unseen: list[Unseen] = []
    can_tell = False
    for metric, falls in WATCHED.items():
        counts = [(send, _count(metric, send.tally)) for send in sends if metric not in _LATE or send.day < today - 1]
        known = [(send, count) for send, count in counts if count[1] >= LEAST_COPIES]
        earlier = [count for send, count in known if send.day <= today - RECENT_DAYS]
        recent = [(send, count) for send, count in known if send.day > today - RECENT_DAYS]
        try:
            shift = find_shift(earlier, [count for _, count in recent], falls=falls)
        except NotEnoughData:
            continue
        can_tell = True
        if shift is not None:
            found.append(_turn(provider, metric, shift, [send for send, _ in recent], names))
        elif not would_find(earlier, [tried for _, (_, tried) in recent], falls=falls):
            unseen.append(Unseen(provider=provider, metric=metric, label=metrics()[metric].label))
    return found, can_tell, unseen


def would_find(earlier: Sequence[tuple[int, int]], trials: Sequence[int], *, falls: bool, times: float = LARGE) -> bool:
    """Whether a large change, had there been one all the time, would be noticed in sends of this size.

    Args:
        earlier: (successes, trials) of each send before.
        trials: of each send since.
        falls: look for a lower rate.
        times: so many times the rate, or so many times less.
    """
    done, tried = sum(k for k, _ in earlier), sum(n for _, n in earlier)
    rate = min((done or 0.5) / tried * (1 / times if falls else times), 1.0)
    return find_shift(earlier, [(round(rate * n), n) for n in trials], falls=falls) is not None


def _count(metric: str, tally: Tally) -> tuple[int, int]:
    told = rate(metrics()[metric], tally)
    return min(told.count, told.base), told.base


def _turn(  # noqa: PLR0917 - what one is made of
    provider: str, metric: str, shift: Shift, recent: Sequence[Send], names: Mapping[int, str]
) -> Turn:
    campaigns = dict.fromkeys(send.campaign for send in recent[shift.start :] if send.campaign is not None)
    return Turn(
        provider=provider,
        metric=metric,
        label=metrics()[metric].label,
        since=day_of(recent[shift.start].day),
        noticed=day_of(recent[shift.noticed].day),
        before=shift.before,
        before_low=shift.before_low,
        before_high=shift.before_high,
        after=shift.after,
        after_low=shift.after_low,
        after_high=shift.after_high,
        latest=shift.latest,
        campaigns=tuple(Sent(id=str(each), name=names.get(each, f"campaign {each}")) for each in campaigns),
    )


def day_of(number: int) -> date:
    """A day by its number since 1970."""
    return date.fromordinal(date(1970, 1, 1).toordinal() + number)
