"""What went before and came after: an open, a return, a pre-check, a reply, a conversion."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from mailwake.events import SECOND, Micros
from mailwake.judge.delivery import Seen, Sort
from mailwake.judge.families.timing import span
from mailwake.judge.rules import Cell

_MINUTE = 60 * SECOND
_DAY = 86_400 * SECOND
#: Seconds between opening and following at which a new cell begins.
_LEADS = (1, 3, 10, 60, 1_800)
_LEAD_NAMES = ("under_1", "from_1", "from_3", "from_10", "from_60", "from_1800")
#: Opens this soon after delivery are mostly gateways'. Source: craft-campaign 546, 84 % of scanning opens under 20 s
_QUICK = 20 * SECOND
#: Two hits of one link that belong together: not retries of a fleet, and no later than a gateway looks again.
_TOGETHER, _CLOSE, _FAR = SECOND // 5, 3 * SECOND, 60 * SECOND
_PAIRED = {
    "first": "somebody else followed the same link {} later",
    "second": "somebody else had followed the same link {} before",
}
NEVER = Cell("opened.never", "the images were not fetched before")
_LATER = Cell("opened.later", "the images were fetched only later")
_UNNAMED_LATER = Cell("opened.unnamed_later", "the images were not fetched before")


class Follow:
    """Cells that one event of a delivery lends to another.

    Args:
        seen: all events, by time.
        anchor: when the copy was delivered, else sent.
    """

    def __init__(self, seen: Sequence[Seen], anchor: Micros | None) -> None:
        self._opens = [each for each in seen if each.sort is Sort.OPEN]
        self._clicks = [each for each in seen if each.sort is Sort.CLICK]
        self._proofs = [each for each in seen if each.sort is Sort.PROOF]
        self._direct = direct = [each for each in self._opens if not each.own.proxy and not each.own.mpp]
        self._quick = [each for each in direct if anchor is not None and each.at - anchor < _QUICK]

    def cells(self, event: Seen) -> list[Cell]:
        """The cells of one open or click."""
        own, sort = event.own, event.sort
        if own.proxy or own.mpp or (sort is not Sort.OPEN and sort is not Sort.CLICK):
            return []
        found = [self._opened(event), *self._pair(event)] if sort is Sort.CLICK else self._clicked_after(event)
        if self._quick and self._quick != [event]:
            same = any(each.network == event.network for each in self._quick)
            name = "unnamed" if event.network is None else "same_network" if same else "other"
            found.append(Cell(f"quick_open.{name}", "the images were fetched at once"))
        if len(self._direct) + len(self._clicks) > 1:
            found += self._returned(event)
        if self._proofs:
            found += self._proven(event)
        return found

    def _opened(self, event: Seen) -> Cell:
        """The nearest thing to an open by the same visitor that went before."""
        if not self._opens:
            return NEVER
        if event.visitor is None:
            return self._opened_unnamed(event)
        lead = _lead(event, [each for each in self._direct if each.visitor == event.visitor])
        if lead is not None:
            name = _LEAD_NAMES[bisect_right(_LEADS, lead)]
            return Cell(f"opened.same_{name}", "the same visitor opened {} before", (span(lead),))
        network = event.network
        lead = _lead(event, [each for each in self._direct if each.network is not None and each.network == network])
        if lead is not None:
            name = "recent" if lead < 1_800 else "older"
            return Cell(f"opened.network_{name}", "another program opened from this network {} before", (span(lead),))
        return self._opened_by_others(event)

    def _opened_by_others(self, event: Seen) -> Cell:
        for kind, words, pool in (
            ("proxy", "the mailbox's image proxy", [each for each in self._opens if each.own.proxy]),
            ("privacy", "Apple's privacy proxy", [each for each in self._opens if each.own.mpp]),
            ("other", "somebody else", self._direct),
        ):
            lead = _lead(event, pool)
            if lead is not None:
                name = "minute" if lead < 60 else "recent" if lead < 1_800 else "older"
                return Cell(f"opened.{kind}_{name}", f"{words} fetched the images {{}} before", (span(lead),))
        return _LATER

    def _opened_unnamed(self, event: Seen) -> Cell:
        """The same where nobody is told apart."""
        lead = _lead(event, self._opens)
        if lead is None:
            return _UNNAMED_LATER
        name = _LEAD_NAMES[bisect_right(_LEADS, lead)]
        return Cell(f"opened.unnamed_{name}", "the images were fetched {} before", (span(lead),))

    def _clicked_after(self, event: Seen) -> list[Cell]:
        mine = [each for each in self._clicks if each.at >= event.at]
        same = [each for each in mine if each.visitor is not None and each.visitor == event.visitor]
        if same:
            lead = (same[0].at - event.at) / SECOND
            name = _LEAD_NAMES[bisect_right(_LEADS, lead)]
            return [Cell(f"clicked_after.same_{name}", "the same visitor followed a link {} later", (span(lead),))]
        return [Cell("clicked_after.other", "somebody followed a link later")] if mine else []

    def _pair(self, event: Seen) -> Iterable[Cell]:
        """Somebody else on the same link close by: a gateway that looks before a person may pass, or because one did.

        Which of the two it is, is told by where it comes from.
        """
        others = [each for each in self._clicks if each.link == event.link and each.visitor != event.visitor]
        gap = min((each.at - event.at for each in others), key=abs, default=_FAR)
        if _TOGETHER <= abs(gap) < _FAR:
            place = "first" if gap > 0 else "second"
            width = "" if abs(gap) <= _CLOSE else "_minute"
            yield Cell(f"pair.{place}{width}_{event.own.group}", _PAIRED[place], (span(abs(gap) / SECOND),))

    def _returned(self, event: Seen) -> Iterable[Cell]:
        if event.visitor is None:
            return
        apart = [abs(each.at - event.at) for each in (*self._direct, *self._clicks) if each.visitor == event.visitor]
        longest = max(apart, default=0)
        if longest > 10 * _MINUTE:
            name = "days" if longest > _DAY else "hours" if longest > 60 * _MINUTE else "minutes"
            yield Cell(f"returned.{name}", "the same visitor came again {} apart", (span(longest / SECOND),))

    def _proven(self, event: Seen) -> Iterable[Cell]:
        for proof in self._proofs:
            if not 0 <= proof.at - event.at <= _DAY:
                continue
            if proof.reply:
                yield Cell("replied.after", "the recipient replied")
                return
            before = [each for each in self._clicks if each.at <= proof.at]
            if before and before[-1].visitor == event.visitor:
                yield Cell("converted.after", "a goal was reached after it")
                return


def _lead(event: Seen, opens: Sequence[Seen]) -> float | None:
    """Seconds since the latest of some opens before an event, None where there is none."""
    before = [each.at for each in opens if each.at <= event.at]
    return (event.at - max(before)) / SECOND if before else None
