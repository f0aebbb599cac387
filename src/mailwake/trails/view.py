"""What the pages of a query's people and of links in all mail show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from mailwake.drawing import figures, pieces
from mailwake.drawing.paging import pages
from mailwake.drawing.terms import term
from mailwake.insight.everywhere import SORTS, LinkSum
from mailwake.insight.repeats import LEAST_COPIES, Repeats
from mailwake.language import noted, say
from mailwake.segments.answers import QueryAnswer
from mailwake.segments.lexer import quoted
from mailwake.store.state import Campaign

PAGE_SIZE = 50
#: links on the page; of more those that people follow most
MOST = 200
#: share to what it says
_AGAIN = {
    "several_days": noted("on several days (UTC)"),
    "returned": noted("again two weeks or more after the first time"),
    "several_devices": noted("with several programs or devices"),
    "passed_on": noted("perhaps passed on: three devices, or two in different countries"),
}


def values(answer: QueryAnswer, addresses: Sequence[str | None], *, page: int) -> dict[str, Any]:
    """What `query.html` names."""
    asked = {"query": answer.query}
    return {
        "query": answer.query,
        "sentence": answer.sentence,
        "edit": f"/segments?{urlencode(asked)}",
        "asked": urlencode(asked),
        "found": say("%(number)s of %(all)s people", number=figures.count(answer.people), all=figures.count(answer.of)),
        "people": [address or say("address no longer known") for address in addresses],
        "pages": pages("/query/people", asked, page=page, total=answer.people, page_size=PAGE_SIZE),
    }


def clicks(found: Sequence[LinkSum], by: str, name: str | None, campaigns: Mapping[int, str]) -> dict[str, Any]:
    """What `clicks.html` names."""
    longest = max((each.clicked.raw for each in found), default=0)
    return {
        "by": by,
        "name": None if name is None else _called(by, name),
        "sorts": [
            {"text": say(text), "href": f"/clicks?by={sort}", "is_chosen": sort == by} for sort, text in SORTS.items()
        ],
        "rows": [_line(each, by, longest, campaigns) for each in found[:MOST]],
        "left_out": figures.count(len(found) - MOST) if len(found) > MOST else "",
        "people": "" if name is None or by == "role" or not name.isprintable() else _people(name),
    }


def _line(each: LinkSum, by: str, longest: int, campaigns: Mapping[int, str]) -> dict[str, Any]:
    if each.campaign is None:
        label, href = _called(by, each.name), f"/clicks?{urlencode({'by': by, 'name': each.name})}"
    else:
        label, href = campaigns.get(each.campaign, str(each.campaign)), f"/campaigns/{each.campaign}"
    return {
        "label": label,
        "href": href,
        "split": pieces.split(label, each.clicked, longest),
        "clicks": figures.count(each.clicks),
        "by_machines": figures.count(each.by_machines),
        "campaigns": figures.count(len(each.campaigns)),
    }


def _called(by: str, name: str) -> str:
    if by == "role":
        return term(name) if name else say("not known")
    return name or say("(no text)")


def _people(name: str) -> str:
    return f"/query/people?{urlencode({'query': f'clicked {quoted(name)}'})}"


def again(found: Repeats, campaign: Campaign | None) -> dict[str, Any]:
    """What `again.html` names; without shares there is too little to tell any."""
    return {
        "campaign": campaign,
        "copies": figures.count(found.copies),
        "least": figures.count(LEAST_COPIES),
        "rows": [
            {
                "label": say(_AGAIN[share.name]),
                "count": figures.count(share.count),
                "percent": figures.percent(share.rate),
                "span": figures.span(share.low, share.high),
            }
            for share in found.shares
        ],
    }
