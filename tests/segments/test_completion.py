"""What is offered can be taken: nothing is suggested that the language would then refuse."""

from hypothesis import given
from tests.segments.trees import trees

from mailwake.segments.completion import MEANINGS, complete
from mailwake.segments.faults import Unclear
from mailwake.segments.naming import Names
from mailwake.segments.parser import parse
from mailwake.segments.tree import Node, Verb
from mailwake.segments.wording import spelled

NAMES = {"clicked": ["Book a call"], "campaign": ["Spring sale", 'The "best"'], "client": ["Apple Mail"]}


def offered(query: str, cursor: int | None = None) -> list[str]:
    return [each.text for each in complete(query, cursor, names=NAMES)]


def test_at_the_start_every_verb_and_state_is_offered() -> None:
    assert set(Verb) | {"active", "lapsing", "dormant", "never", "not", "("} == set(offered(""))


def test_a_word_begun_narrows_the_offer() -> None:
    assert offered("cl") == ["clicked"]
    assert offered("clicked as m") == ["machine"]
    assert offered("clicked as human or u") == ["unsubscribed"]


def test_names_are_offered_in_quotes_where_they_may_stand() -> None:
    assert '"Book a call"' in offered("clicked ")
    assert offered("clicked in campaign ") == ['"Spring sale"', r'"The \"best\""']
    assert offered('clicked in campaign "spr') == ['"Spring sale"']
    assert offered('opened client "a') == ['"Apple Mail"']
    assert offered('opened domain "a') == []
    more: Names = {"converted": ["purchase", "trial"], "provider": ["Gmail", "Outlook"]}
    assert [each.text for each in complete('converted "p', names=more)] == ['"purchase"']
    assert [each.text for each in complete('deferred provider "g', names=more)] == ['"Gmail"']


def test_while_a_text_is_written_all_that_hold_it_are_offered() -> None:
    assert offered('clicked "call') == ['"Book a call"']
    assert offered('clicked in campaign "best') == [r'"The \"best\""']
    known: Names = {"country": {"DE": "Germany", "DK": "Denmark", "FR": "France"}, "domain": ["acme.example"]}
    assert [each.text for each in complete('clicked country "d', names=known)] == ['"DE"', '"DK"']
    assert [(each.text, each.meaning) for each in complete('clicked country "ger', names=known)] == [
        ('"DE"', "Germany")
    ]
    assert [each.query for each in complete('sent domain "acme', names=known)] == ['sent domain "acme.example"']
    assert len(complete("clicked ", names={"clicked": [f"Link {n}" for n in range(90)]})) == 40
    assert "and" in [each.text for each in complete("clicked ", names={"clicked": [f"Link {n}" for n in range(90)]})]


def test_the_cursor_may_stand_in_the_middle() -> None:
    assert offered("clicked  and sent", 8) == offered("clicked ")


def test_after_something_wrong_nothing_is_offered() -> None:
    assert offered("clicked bananas ") == []
    assert offered("clicked ; ") == []


def test_every_word_that_is_offered_has_a_meaning() -> None:
    for query in ("", "clicked ", "clicked in ", "sent >= 2 ", "(sent ", "clicked as "):
        assert all(each.meaning for each in complete(query)), query
    assert not [word for word, meaning in MEANINGS.items() if not meaning]


@given(trees)
def test_every_offer_is_understood_by_the_parser(tree: Node) -> None:
    query = f"{spelled(tree)} "
    problems = [(each.query, problem(each.query.replace("…", "x"))) for each in complete(query, names=NAMES)]
    assert not [found for found in problems if found[1] and "too early" not in found[1] and "at most" not in found[1]]


def problem(query: str) -> str:
    try:
        parse(query)
    except Unclear as fault:
        return fault.problem
    return ""
