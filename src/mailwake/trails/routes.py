"""The people of a query that is not kept, as page and CSV; every list of people as members of a Salesforce campaign."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from mailwake.crm.importing import HEAD, member_rows
from mailwake.errors import BadInput
from mailwake.framing.rendering import render
from mailwake.insight.everywhere import LinkSum, by_campaign, link_sums
from mailwake.insight.repeats import repeats
from mailwake.insight.report import find
from mailwake.people.on_link import people_on_link
from mailwake.people.people import people
from mailwake.segments import answers, keeper
from mailwake.segments.lexer import MAX_CHARS
from mailwake.settings import Settings
from mailwake.store.crm import open_crm
from mailwake.trails import view
from mailwake.web.api import Outcome, Page, guarded, kept_of, now_of, stores_of
from mailwake.web.lists import Number, Template, Who, csv_answer, gathered
from mailwake.web.narrowing import Narrowed

router = guarded(include_in_schema=False)

Text = Annotated[str, Query(max_length=MAX_CHARS, description="In the language of segments.")]
Short = Annotated[str, Query(max_length=20, description="label, role or target.")]
Name = Annotated[str | None, Query(max_length=16_384, description="The only one, told by campaign.")]
_CHUNK = 1_000


@router.get("/clicks")
def clicks(request: Request, *, by: Short = "label", name: Name = None) -> Response:
    """Links of all mail summed up by text, role or target; one of them by campaign."""
    stores = stores_of(request)
    asked = by, name

    def ask() -> Sequence[LinkSum]:
        return link_sums(stores, by) if name is None else by_campaign(stores, by, name)

    found = kept_of(request).answer(("clicks", *asked), ask)
    campaigns = {int(each.id): each.name for each in stores.state.campaigns()}
    return render(request, "clicks.html", **view.clicks(found, by, name, campaigns))


@router.get("/again")
def again(request: Request) -> Response:
    """How people came back to mail of all campaigns."""
    stores = stores_of(request)
    found = kept_of(request).answer("again", lambda: repeats(stores))
    return render(request, "again.html", **view.again(found, None))


@router.get("/campaigns/{campaign}/again")
def campaign_again(request: Request, campaign: str) -> Response:
    """How people came back to the mail of one campaign."""
    stores, found = stores_of(request), find(stores_of(request), campaign)
    told = kept_of(request).answer(("again", found.id), lambda: repeats(stores, found))
    return render(request, "again.html", **view.again(told, found))


@router.get("/query/people")
def query_people(request: Request, *, query: Text, page: Page = 1) -> Response:
    """Whom a query chooses, a page at a time."""
    stores, now = stores_of(request), now_of(request)
    answer = answers.query(stores, query, now=now)
    handles = keeper.chosen(stores, query, now=now, limit=view.PAGE_SIZE, offset=(page - 1) * view.PAGE_SIZE)
    values = view.values(answer, keeper.addresses(stores, handles), page=page)
    return render(request, "query.html", here="segments", **values)


@router.get("/query/people.csv")
def query_csv(request: Request, *, query: Text) -> Response:
    """Everybody whom a query chooses."""
    return csv_answer("people", ("email",), ((address,) for address in _chosen(request, query)))


@router.get("/query/salesforce.csv")
def query_members(request: Request, *, query: Text) -> Response:
    """The same people as members of a Salesforce campaign."""
    return _members(request, _chosen(request, query))


@router.get("/segments/{name}/salesforce.csv")
def segment_members(request: Request, name: str) -> Response:
    """The people of a segment as members of a Salesforce campaign."""
    stores = stores_of(request)
    handles = keeper.members(stores, keeper.find(stores.state, name), now=now_of(request))
    return _members(request, keeper.addresses(stores, handles))


@router.get("/campaigns/{campaign}/salesforce.csv")
def people_members(request: Request, campaign: str, there: Narrowed, *, outcome: Outcome = "all") -> Response:
    """Everybody of a campaign, or those behind one number, as members of a Salesforce campaign."""
    stores, found = stores_of(request), find(stores_of(request), campaign)

    def chunk(page: int) -> Sequence[str | None]:
        some = people(stores, found, outcome=outcome, there=there, page=page, page_size=_CHUNK).people
        return [each.address for each in some]

    chunk(1)  # refuses before it begins
    return _members(request, gathered(chunk))


@router.get("/campaigns/{campaign}/links/{number}/salesforce.csv")
def on_link_members(
    request: Request, campaign: str, number: Number, *, template: Template = "", who: Who = "all"
) -> Response:
    """Everybody who followed one link, as members of a Salesforce campaign."""
    stores, found = stores_of(request), find(stores_of(request), campaign)
    first = people_on_link(stores, found, number, template=template, who=who, page_size=1).template

    def chunk(page: int) -> Sequence[str | None]:
        asked = {"template": first, "who": who}
        some = people_on_link(stores, found, number, **asked, page=page, page_size=_CHUNK).people
        return [each.address for each in some]

    return _members(request, gathered(chunk))


def _chosen(request: Request, query: str) -> list[str]:
    stores = stores_of(request)
    handles = keeper.chosen(stores, query, now=now_of(request))
    return [address for address in keeper.addresses(stores, handles) if address]


def _members(request: Request, addresses: Iterable[str | None]) -> Response:
    """Everybody once, however many copies they got.

    Raises:
        BadInput: no org is connected.
    """
    settings: Settings | None = request.app.state.settings
    if settings is None or not settings.salesforce.login:
        raise BadInput("no Salesforce org is connected, so nobody's id there is known; take the CSV without ids")
    once = iter(dict.fromkeys(each for each in addresses if each))

    def rows() -> Iterator[tuple[str, str, str]]:
        with closing(open_crm(settings.data_folder / "state.sqlite")) as store:
            while some := list(islice(once, _CHUNK)):
                yield from member_rows(store, some)

    return csv_answer("campaign-members", HEAD, rows())
