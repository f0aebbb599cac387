"""A query can be read back by somebody who does not know the language."""

import pytest
from hypothesis import given
from tests.segments.trees import trees

from mailwake.segments.parser import parse
from mailwake.segments.spans import spans
from mailwake.segments.tree import Node
from mailwake.segments.wording import explained, spelled

CLICKED = """People who clicked a link with “pricing” in its label or target at least 2 times in the last 60 days,
counting what probably people did, and who are not among those who had a mail bounce."""
DORMANT = """People who never opened a mail in the last day, counting what probably people did, or who are dormant: gave
no sign for 180 days or more."""
SENT = """People who were sent a mail in a campaign with “spring” in its name at a.example in exactly 1 mail since
31 January 2026."""


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ('clicked "pricing" >= 2 in 60d as human and not bounced', CLICKED),
        ('converted "purchase" in 30d', "People who reached a goal that is called “purchase” in the last 30 days."),
        ('deferred provider "Gmail"', "People who had a mail put off at the provider Gmail."),
        ("never opened in 1d or dormant", DORMANT),
        ('opened country "de"', "People who opened a mail from Germany, counting what probably people did."),
        ('sent in campaign "spring" domain "a.example" exactly 1 mails since 2026-01-31', SENT),
    ],
)
def test_a_query_is_told_as_a_sentence(query: str, sentence: str) -> None:
    assert explained(parse(query), active_days=30, dormant_days=180) == sentence.replace("\n", " ")


@given(trees)
def test_every_query_has_a_sentence(tree: Node) -> None:
    told = explained(tree, active_days=30, dormant_days=180)
    assert told.startswith("People ")
    assert "{" not in told.replace(spelled(tree), "") or "{" in spelled(tree)
    assert "None" not in told or "None" in spelled(tree)


def test_the_spans_of_engagement_are_in_order() -> None:
    assert 0 < spans().active_days < spans().dormant_days
