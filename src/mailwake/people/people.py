"""From a number to the people behind it: one line per recipient's copy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mailwake.errors import BadInput
from mailwake.events import Handle
from mailwake.insight.answers import PeoplePage, Person
from mailwake.insight.cursors import make_cursor, read_cursor
from mailwake.insight.stores import Stores, moment
from mailwake.language import noted
from mailwake.people.there import ANYWHERE, There
from mailwake.store.state import Campaign

#: which deliveries to list: word in URLs to words on the page, in the order of the choice
FILTERS: Mapping[str, str] = {
    "all": noted("everybody"),
    "sent": noted("sent"),
    "delivered": noted("delivered"),
    "deferred": noted("deferred at least once"),
    "bounced": noted("bounced"),
    "rejected": noted("refused before sending"),
    "unsubscribed": noted("unsubscribed"),
    "complained": noted("reported as spam"),
    "opened": noted("opened, by anybody"),
    "opened_human": noted("most likely opened by people"),
    "opened_possible": noted("possibly opened by people"),
    "opened_machine": noted("opened by machines only"),
    "clicked": noted("clicked, by anybody"),
    "clicked_human": noted("most likely clicked by people"),
    "clicked_possible": noted("possibly clicked by people"),
    "clicked_machine": noted("clicked by machines only"),
}
#: id of a rate to the filter that lists the copies it counts; of people it lists those that are more likely theirs
LISTED: Mapping[str, str] = {
    "opened": "opened_human",
    "clicked": "clicked_human",
    "delivery_rate__sent": "delivered",
    "bounce_rate__sent": "bounced",
    "deferral_rate__sent": "deferred",
    "unsubscribe_rate__delivered": "unsubscribed",
    "complaint_rate__delivered": "complained",
    "true_open_rate__delivered_both_trackable": "opened_human",
    **{
        f"{who}_{rate}_rate__delivered_trackable": f"{outcome}{end}"
        for rate, outcome in (("open", "opened"), ("click", "clicked"))
        for who, end in (
            ("human", "_human"),
            ("likely", "_human"),
            ("possible", "_possible"),
            ("machine", "_machine"),
            ("raw", ""),
        )
    },
}
PAGE_SIZE = 50
#: before every place and unit
FIRST = (-1, -(2**63))


def people(
    stores: Stores,
    campaign: Campaign,
    *,
    outcome: str = "all",
    there: There = ANYWHERE,
    page: int = 1,
    page_size: int = PAGE_SIZE,
    cursor: str = "",
) -> PeoplePage:
    """One page of a campaign's deliveries, in order of sending.

    Args:
        stores: where to look.
        campaign: whose.
        outcome: one of `FILTERS`.
        there: with what, from where, at which provider or hour; else all of them.
        page: from 1; beyond the last page there is nobody.
        page_size: lines, 1 or more.
        cursor: `next` of the page before; new copies neither repeat nor hide a line then. Empty: `page` counts.

    Raises:
        BadInput: there is no such outcome, provider or hour, or the cursor is of another list.
    """
    if outcome not in FILTERS:
        raise BadInput(f"there is no outcome {outcome!r}; there are {', '.join(FILTERS)}")
    of_list = f"people {campaign.id} {outcome}{there.words}"
    at, unit = read_cursor(of_list, cursor, 2) if cursor else FIRST
    question, asked = asked_of(stores, campaign, outcome, there)
    rows = stores.events.ask(
        question,
        **asked,
        limit=page_size,
        offset=0 if cursor else (page - 1) * page_size,
        after_at=at,
        after_unit=unit,
    )
    addresses = stores.state.addresses(Handle(row["recipient"]) for row in rows if row["recipient"])
    return PeoplePage(
        id=str(campaign.id),
        name=campaign.name,
        outcome=outcome,
        client=there.client,
        device=there.device,
        country=there.country,
        provider=there.provider,
        hour=there.hour,
        page=page,
        page_size=page_size,
        total=_total(stores, question, asked, rows),
        people=tuple(_person(row, addresses) for row in rows),
        next=make_cursor(of_list, rows[-1]["place"], rows[-1]["unit"]) if len(rows) == page_size else None,
    )


def _total(stores: Stores, question: str, asked: Mapping[str, int | str], rows: Sequence[Mapping[str, Any]]) -> int:
    """How many there are in the whole list; behind its end no row tells it, and the first line is asked."""
    first = {"after_at": FIRST[0], "after_unit": FIRST[1]}
    told = rows or stores.events.ask(question, **asked, **first, limit=1, offset=0)
    return int(told[0]["total"]) if told else 0


def people_or_last(stores: Stores, campaign: Campaign, *, outcome: str, there: There, page: int) -> PeoplePage:
    """One page as `people` has it; beyond the last page the last."""
    answer = people(stores, campaign, outcome=outcome, there=there, page=page)
    if answer.people or page == 1:
        return answer
    first = people(stores, campaign, outcome=outcome, there=there)
    last = max(1, -(-first.total // PAGE_SIZE))
    return first if last == 1 else people(stores, campaign, outcome=outcome, there=there, page=last)


def asked_of(stores: Stores, campaign: Campaign, outcome: str, there: There) -> tuple[str, dict[str, int | str]]:
    """The question that tells of these deliveries, and what to ask it with besides the part of the list.

    Raises:
        BadInput: there is no such provider in the campaign.
    """
    asked: dict[str, int | str] = {"campaign": campaign.id, "only": "" if outcome == "all" else outcome}
    if there == ANYWHERE:
        return "recipients", asked
    return "recipients_there", asked | there.asked(stores, campaign, outcome)


def _person(row: Mapping[str, Any], addresses: Mapping[Handle, str]) -> Person:
    return Person(
        delivery=str(row["delivery"] or ""),
        address=addresses.get(row["recipient"]),
        sent_at=moment(row["sent_at"]),
        outcome=row["outcome"],
        opened=row["opened"],
        clicked=row["clicked"],
        reason=row["reason"],
        last_at=moment(row["last_at"]),
    )
