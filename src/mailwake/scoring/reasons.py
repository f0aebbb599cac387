"""Why a score is what it is: its weightiest parts, in so few words that they fit into a field of a CRM."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mailwake.events import Micros
from mailwake.language import forms, say, several
from mailwake.scoring.learned import SENT
from mailwake.scoring.model import DAY
from mailwake.scoring.score import Entry

#: reasons told, and the characters that they may take together; source: a text field of Salesforce holds 255
MOST, MAX_CHARS = 3, 255
_LABEL_CHARS = 40
_HOUR = DAY // 24
_ON_LABEL = forms("click on %(label)s (%(ago)s)", "%(count)s clicks on %(label)s (%(ago)s)")
_ON_LINK = forms("click on a link (%(ago)s)", "%(count)s clicks on a link (%(ago)s)")
# English has one form for every number here; another language may not.
_SILENT = forms("nothing of their own for %(count)s days", "nothing of their own for %(count)s days")
_OTHERS = {
    "replied": forms("answered (%(ago)s)", "answered %(count)s times (%(ago)s)"),
    "converted": forms("reached a goal (%(ago)s)", "reached a goal %(count)s times (%(ago)s)"),
    "opened": forms("opened (%(ago)s)", "opened %(count)s times (%(ago)s)"),
    "unsubscribed": forms("unsubscribed (%(ago)s)", "unsubscribed %(count)s times (%(ago)s)"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """One part of a score: the same act on links of the same words."""

    #: + or -
    sign: str
    act: str
    #: how often
    count: int
    #: of the link; empty: none, or no words
    label: str
    #: of the latest, in whole days
    age_days: int
    #: what they count together, thousandths of a point
    points: int
    #: as a sentence's part
    says: str


def reasons(ledger: Iterable[Entry], *, now: Micros) -> tuple[Reason, ...]:
    """The weightiest parts of a ledger; what counts nothing is none."""
    alike: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in ledger:
        if entry.act == SENT:  # mail that they got is no reason to call
            continue
        alike[entry.act, entry.label].append(entry)
    found = [_reason(act, label, some, now) for (act, label), some in alike.items()]
    told = [each for each in found if each.points]
    return tuple(sorted(told, key=lambda each: (-abs(each.points), each.age_days, each.act, each.label))[:MOST])


def rendered(found: Sequence[Reason]) -> str:
    """All of them as one line of at most `MAX_CHARS`; empty: there are none."""
    line = ""
    for reason in found:
        longer = f"{line}; {reason.says}" if line else reason.says
        if len(longer) > MAX_CHARS:
            break
        line = longer
    return line


def _reason(act: str, label: str, some: Sequence[Entry], now: Micros) -> Reason:
    points = sum(entry.points for entry in some)
    age = now - max(entry.at for entry in some)
    sign = "-" if points < 0 else "+"
    says = _says(act, shown(label), len(some), age)
    return Reason(
        sign=sign,
        act=act,
        count=len(some),
        label=label,
        age_days=age // DAY,
        points=points,
        says=f"\N{MINUS SIGN}{says}" if sign == "-" else says,
    )


def _says(act: str, label: str, count: int, age: int) -> str:
    if act == "silent":
        return several(*_SILENT, age // DAY, count=str(age // DAY))
    told = {"count": f"{count:,}", "ago": aged(age)}
    if act in ("clicked", "clicked_intent"):
        return several(*(_ON_LABEL if label else _ON_LINK), count, label=label, **told)
    return several(*_OTHERS[act], count, **told)


def aged(age: int) -> str:
    """How long ago, shortly: "3 d ago"."""
    if age >= DAY:
        return say("%(count)s d ago", count=str(age // DAY))
    return say("%(count)s h ago", count=str(max(age, 0) // _HOUR))


def shown(label: str) -> str:
    """A label on one line, of printable characters alone, cut where it is long."""
    plain = " ".join("".join(each if each.isprintable() else " " for each in label[:400]).split())
    return plain if len(plain) <= _LABEL_CHARS else f"{plain[: _LABEL_CHARS - 1].rstrip()}…"
