"""Adding up: probability, class, and events that are judged alone."""

import pytest
from tests.judge.world import MICROSOFT, PERSON, clicked, codes, decoy, delivered, judged, opened, p

from mailwake.events import AgentKind, Class, Evidence, NetworkKind
from mailwake.judge.combine import judge_alone
from mailwake.judge.delivery import Seen, sort_of
from mailwake.judge.families import own
from mailwake.judge.rules import Scope, load_rules


def seen(evidence: Evidence, scope: Scope = Scope.CLICK) -> Seen:
    sort = sort_of(evidence)
    assert sort is not None
    return Seen(evidence, sort, own.weigh(load_rules(), evidence, scope))


def test_what_has_no_room_is_judged_by_itself_and_says_so() -> None:
    opinion = judge_alone(load_rules(), seen(clicked(1, 0, **PERSON)), crowded=True)
    assert "crowded" in {term.code for term in opinion.terms}
    alone = judge_alone(load_rules(), seen(clicked(1, 0, **PERSON)), crowded=False)
    assert opinion.p_human is not None
    assert alone.p_human is not None
    assert opinion.p_human < 0.5 < alone.p_human


def test_a_crowd_of_opens_is_not_held_against_anybody() -> None:
    opinion = judge_alone(load_rules(), seen(opened(1, 0, **PERSON), Scope.OPEN), crowded=True)
    assert opinion.p_human is not None
    assert opinion.p_human > 0.5


def test_a_decoy_alone_is_still_a_decoy() -> None:
    opinion = judge_alone(load_rules(), seen(decoy(1, 0, **PERSON)), crowded=False)
    assert opinion.p_human is not None
    assert opinion.p_human < 0.1


def test_no_verdict_is_certain() -> None:
    sure = judged([delivered(), *(clicked(n, 3 + n / 50, link=n, **MICROSOFT) for n in range(1, 9))])[1]
    assert p(sure) == 0.001


def test_between_the_two_the_class_is_unknown() -> None:
    facts = {"agent": 1, "agent_kind": AgentKind.BROWSER, "client": "Chrome", "network_kind": NetworkKind.UNKNOWN}
    verdict = judged([delivered(), clicked(1, 400, **facts | {"network_kind": NetworkKind.HOSTING})])[1]
    assert 0.35 < p(verdict) < 0.65
    assert verdict.klass is Class.UNKNOWN


@pytest.mark.parametrize("clock", [0.0, -30.0, 1e6])
def test_one_event_alone_is_judged_as_among_others(clock: float) -> None:
    single = judged([delivered(), clicked(1, clock, **PERSON)])[1]
    with_open = judged([delivered(), clicked(1, clock, **PERSON), opened(2, clock + 1e7, **MICROSOFT)])[1]
    assert codes(single) == codes(with_open)
    assert p(single) == p(with_open)
