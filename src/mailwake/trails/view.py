"""What the page of a query's people shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from mailwake.drawing import figures
from mailwake.drawing.paging import pages
from mailwake.language import say
from mailwake.segments.answers import QueryAnswer

PAGE_SIZE = 50


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
