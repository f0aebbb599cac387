"""Rates of providers and domains lead to the people behind them, by a query that anybody can read."""

import html
import re
from urllib.parse import parse_qs, urlsplit

from tests.web.conftest import Asking
from tests.web.test_pages import Seen

KINDS = {"delivered", "deferred", "bounced", "complained", "clicked"}


def test_every_rate_above_nothing_leads_to_a_query_that_finds_somebody(asking: Asking) -> None:
    links = [a["href"] for a in Seen(asking.page("/deliverability")).all("a") if "/query/people" in a["href"]]
    queries = [parse_qs(urlsplit(href).query)["query"][0] for href in links]
    assert {query.split()[0] for query in queries} <= KINDS
    assert {"provider", "domain"} & {query.split()[3] for query in queries}
    assert not any("All others" in query for query in queries)
    # the first of each: of the copies of later rows the store has no address, as after an erasure
    by_verb = {query.split()[0]: href for query, href in reversed([*zip(queries, links, strict=True)])}
    assert "delivered" in by_verb
    for href in by_verb.values():
        page = html.unescape(asking.page(href))
        found = re.search(r"([\d,]+) of [\d,]+ people", page)
        assert found is not None
        assert int(found[1].replace(",", "")) > 0, href
