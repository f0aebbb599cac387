"""People buy, machines do not, and nobody without the reference that came with a click."""

from urllib.parse import parse_qs, urlsplit

from mailwake.simulate.acts import Act, Doer
from mailwake.simulate.shop import Shop
from mailwake.simulate.wire import Reply

SHOP = Shop(parameter="mw_ref", goals=(("purchase", 0.5, (900, 1_005)), ("trial", 1.0, None)))
LED = Reply(status=302, location="https://shop.example.com/a?b=1&mw_ref=REF#c")


def test_a_visit_reaches_a_goal_with_its_reference_value_and_a_later_time() -> None:
    visits = [SHOP.visit(Act.CLICK, Doer.PERSON, LED, at=1_000, draw=str(number)) for number in range(200)]
    assert visits == [SHOP.visit(Act.CLICK, Doer.PERSON, LED, at=1_000, draw=str(number)) for number in range(200)]
    paths = [urlsplit(visit[0]) for visit in visits if visit]
    bought = [parse_qs(path.query) for path in paths if path.path == "/g/purchase"]
    assert 60 < len(bought) < 140
    assert len(paths) == 200
    assert {each["r"][0] for each in bought} == {"REF"}
    assert all(9.0 <= float(each["value"][0]) <= 10.05 for each in bought)
    assert all(visit is not None and visit[1] > 1_000 for visit in visits)


def test_machines_opens_and_links_without_a_reference_reach_nothing() -> None:
    plain = Reply(status=302, location="https://shop.example.com/a")
    for act, doer, reply in (
        (Act.CLICK, Doer.MACHINE, LED),
        (Act.OPEN, Doer.PERSON, LED),
        (Act.CLICK, Doer.PERSON, plain),
        (Act.CLICK, Doer.PERSON, Reply(status=None)),
    ):
        assert SHOP.visit(act, doer, reply, at=1, draw="x") is None
