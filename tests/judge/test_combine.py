"""Adding up: probability, class, and events that are judged alone."""

from tests.judge.world import MICROSOFT, NOTHING, PERSON, clicked, decoy, delivered, judged, opened, p

from mailwake.events import Class, Evidence, NetworkKind
from mailwake.judge.combine import judge_alone
from mailwake.judge.delivery import Seen, sort_of
from mailwake.judge.families import own
from mailwake.judge.rules import Scope, load_rules


def seen(evidence: Evidence, scope: Scope = Scope.CLICK) -> Seen:
    sort = sort_of(evidence)
    assert sort is not None
    return Seen.of(evidence, sort, own.weigh(load_rules(), evidence, scope))


def test_what_has_no_room_is_judged_by_itself_and_says_so() -> None:
    opinion = judge_alone(load_rules(), seen(clicked(1, 0, **PERSON)), crowded=True)
    assert "crowded" in {cell[0].partition(".")[0] for _, cell in opinion.weighed}
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
    assert opinion.p_human < 0.4 < p(judged([clicked(1, 0, **PERSON)])[1])


def test_no_verdict_is_certain() -> None:
    sure = judged([delivered(), *(clicked(n, 3 + n / 50, link=n, **MICROSOFT) for n in range(1, 9))])[1]
    assert p(sure) == load_rules().numbers["combination.p_min"]


def test_between_the_two_the_class_is_unknown() -> None:
    found = {
        verdict.klass: p(verdict)
        for seconds in (20, 60, 200, 400, 900, 2000)
        for facts in (MICROSOFT, PERSON | {"network_kind": NetworkKind.HOSTING}, PERSON, NOTHING)
        for verdict in judged([delivered(), clicked(1, seconds, **facts)]).values()
    }
    assert 0.35 < found[Class.UNKNOWN] < 0.65


def test_the_weightiest_are_told_and_the_rest_as_one() -> None:
    verdict = judged([delivered(), *(clicked(n, 3 + n / 50, link=n, **MICROSOFT) for n in range(1, 9))])[1]
    assert len(verdict.reasons) == 10
    assert verdict.reasons[-1].code == "rest"
    weights = [abs(reason.weight) for reason in verdict.reasons[:-1]]
    assert weights == sorted(weights, reverse=True)
