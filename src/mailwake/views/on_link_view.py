"""What the list of those who followed one link shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from mailwake.drawing import figures
from mailwake.drawing.paging import pages
from mailwake.drawing.pieces import COPIES, listed, safe_href
from mailwake.language import say
from mailwake.people.on_link import WHO, Follower, Followers
from mailwake.views import there_view
from mailwake.views.people_view import Who, who


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One copy in which it was followed."""

    address: str
    #: of the page about this copy, which says why
    href: str
    who: Who | None
    clicks: str
    first: str
    last: str


def values(answer: Followers, zone: ZoneInfo) -> dict[str, Any]:
    """What `on_link.html` names."""
    path = f"/campaigns/{answer.id}/links/{answer.link}/people"
    asked = {"template": answer.template, "who": answer.who}
    copies = listed(answer.total, answer.total, COPIES)
    return {
        "id": answer.id,
        "name": answer.name,
        "path": path,
        "of_template": answer.template,
        "number": answer.link,
        "label": answer.label or say("(no text)"),
        "target": answer.href,
        "href": safe_href(answer.href),
        "who": answer.who,
        "choices": {name: say(words) for name, words in WHO.items()},
        "listed": f"{copies} · {say(WHO[answer.who])}",
        "csv": f"{path}.csv?{urlencode(asked)}",
        "to_org": f"/campaigns/{answer.id}/links/{answer.link}/salesforce.csv?{urlencode(asked)}",
        "segment": there_view.on_link(answer),
        "people": [_line(each, answer.id, zone) for each in answer.people],
        "pages": pages(path, asked, page=answer.page, total=answer.total, page_size=answer.page_size),
    }


def _line(each: Follower, campaign: str, zone: ZoneInfo) -> Line:
    return Line(
        address=each.address or say("address no longer known"),
        href=f"/campaigns/{campaign}/deliveries/{each.delivery}",
        who=who(each.who),
        clicks=figures.count(each.clicks),
        first=figures.moment(each.first_at, zone),
        last=figures.moment(each.last_at, zone),
    )
