"""From a link to those who followed it: one line per recipient's copy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec

from mailwake.errors import BadInput
from mailwake.events import Handle
from mailwake.insight.report import Row
from mailwake.insight.stores import Stores, moment
from mailwake.language import noted
from mailwake.people.people import PAGE_SIZE
from mailwake.store.state import Campaign, LinkRow

#: whose clicks: word in URLs to words on the page
WHO = {
    "all": noted("anybody or anything"),
    "human": noted("likely people"),
    "possible": noted("possibly people"),
    "machine": noted("machines only"),
}


def people_href(campaign: str, template: str, number: str, who: str) -> str:
    """Where the list of those who followed a link stands on the dashboard."""
    return f"/campaigns/{campaign}/links/{number}/people?template={template}&who={who}"


def named(link: str) -> tuple[str, str]:
    """Template and number of a link, of what names it among all links."""
    template, number, *_ = link.split(":")
    return template, number


class NoSuchLink(BadInput):
    """A link was asked for that the campaign does not have."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Follower:
    """One copy in which the link was followed."""

    delivery: str
    #: None: the address is not known any more
    address: str | None
    #: by whom: human, possible or machine
    who: str
    clicks: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Followers:
    """Some of the copies in which one link was followed."""

    id: str
    name: str
    template: str
    link: int
    label: str
    #: target as the author wrote it; may be any text, also a hostile one
    href: str
    #: one of `WHO`
    who: str
    #: from 1
    page: int
    page_size: int
    #: copies with clicks by these
    total: int
    people: tuple[Follower, ...]


def to_json(answer: Followers) -> bytes:
    """The answer as JSON, the same to the byte for everybody: one line."""
    return msgspec.json.encode(answer) + b"\n"


def people_on_link(
    stores: Stores,
    campaign: Campaign,
    number: int,
    *,
    template: str = "",
    who: str = "all",
    page: int = 1,
    page_size: int = PAGE_SIZE,
) -> Followers:
    """One page of those who followed a link, in order of their first click.

    Args:
        stores: where to look.
        campaign: whose.
        number: of the link in its template.
        template: its id; empty: the first that has such a link.
        who: one of `WHO`.
        page: from 1; beyond the last page there is nobody.
        page_size: lines, 1 or more.

    Raises:
        NoSuchLink: there is none.
        BadInput: there is no such `who`.
    """
    if who not in WHO:
        raise BadInput(f"there is no {who[:40]!r} here; there are {', '.join(WHO)}")
    link = _find(stores, campaign, number, template)
    asked: dict[str, int | str] = {
        "campaign": campaign.id,
        "template": link.template or 0,
        "link": number,
        "who": "" if who == "all" else who,
    }
    rows = stores.events.ask("people_on_link", **asked, limit=page_size, offset=(page - 1) * page_size)
    told = rows or stores.events.ask("people_on_link", **asked, limit=1, offset=0)  # behind the end no row tells it
    addresses = stores.state.addresses(Handle(row["recipient"]) for row in rows if row["recipient"])
    return Followers(
        id=str(campaign.id),
        name=campaign.name,
        template=str(link.template),
        link=number,
        label=link.label,
        href=link.href,
        who=who,
        page=page,
        page_size=page_size,
        total=int(told[0]["total"]) if told else 0,
        people=tuple(_follower(row, addresses) for row in rows),
    )


def _follower(row: Row, addresses: Mapping[Handle, str]) -> Follower:
    return Follower(
        delivery=str(row["delivery"]),
        address=addresses.get(row["recipient"]),
        who=row["grade"],
        clicks=row["event_count"],
        first_at=_time(row["first_at"]),
        last_at=_time(row["last_at"]),
    )


def _find(stores: Stores, campaign: Campaign, number: int, template: str) -> LinkRow:
    links = [each for each in stores.state.links(campaign.id) if each.number == number and each.tracked]
    for each in sorted(links, key=lambda link: link.template or 0):
        if template in ("", str(each.template)):
            return each
    raise NoSuchLink("this campaign has no such tracked link; choose one in the list of links on its page")


def _time(at: int) -> datetime:
    told = moment(at)
    assert told is not None  # noqa: S101 - there is one for every number
    return told
