"""Any query, for tests that hold for all of them."""

from datetime import date

from hypothesis import strategies as st

from mailwake.segments.lexer import Kind, tokens
from mailwake.segments.tree import (
    JUDGED,
    NAMED,
    Both,
    Condition,
    Count,
    Either,
    Engagement,
    Judged,
    Node,
    Not,
    Per,
    Sign,
    Span,
    State,
    Unit,
    Verb,
)

NEVER = Count(sign=Sign.EXACTLY, number=0)
texts = st.text(min_size=1, max_size=12).filter(lambda text: bool(text.strip()))
days = st.dates(date(1971, 1, 1), date(2100, 1, 1))
counts = st.one_of(
    st.just(NEVER),
    st.builds(Count, sign=st.sampled_from(Sign), number=st.integers(2, 10_000), per=st.sampled_from(Per)),
)


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    verb = draw(st.sampled_from(Verb))
    is_judged = verb in JUDGED
    return Condition(
        verb=verb,
        text=draw(st.none() | texts) if verb in NAMED else None,
        campaign=draw(st.none() | texts),
        domain=draw(st.none() | texts.map(str.lower)),
        provider=draw(st.none() | texts),
        country=draw(st.none() | st.sampled_from(["DE", "FR"])) if is_judged else None,
        client=draw(st.none() | texts) if is_judged else None,
        count=draw(st.none() | counts),
        within=draw(st.none() | st.builds(Span, amount=st.integers(1, 500), unit=st.sampled_from(Unit))),
        since=draw(st.none() | days),
        before=draw(st.none() | days),
        judged=draw(st.none() | st.sampled_from(Judged)) if is_judged else None,
    )


leaves: st.SearchStrategy[Node] = st.one_of(conditions(), st.builds(State, engagement=st.sampled_from(Engagement)))
trees: st.SearchStrategy[Node] = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(Not, of=inner),
        st.builds(Both, parts=st.lists(inner, min_size=2, max_size=3).map(tuple)),
        st.builds(Either, parts=st.lists(inner, min_size=2, max_size=3).map(tuple)),
    ),
    max_leaves=8,
)


def words_of(query: str) -> list[str]:
    """The words, signs and brackets of a query, without texts."""
    return [token.text for token in tokens(query) if token.kind is not Kind.TEXT]
