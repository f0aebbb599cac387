"""The peers' rules do what their makers say."""

import sys
from pathlib import Path

import pytest
from tests.every import every

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from mailwake.worlds.hits import Copy, Hit, Visitor
from peers.detectors import PEERS, Table  # type: ignore[import-not-found]  # benchmarks is no package
from peers.judging import Click, score  # type: ignore[import-not-found]

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/157.0.0.0 Safari/537.36"
)
COPY = Copy(
    number=1,
    recipient=1,
    domain=1,
    campaign=0,
    stream="marketing",
    links=3,
    decoys=True,
    sent_at=0.0,
    delivered_at=1.0,
)


def hit(at: float, link: int = 1, *, kind: str = "clicked", ip: str = "84.1.2.3", ua: str = CHROME) -> Hit:
    return Hit(type=kind, at=at, delivery=1, visitor=Visitor(ip, ua, {}), human=True, agent="x", link=link or None)


def flagged(name: str, *hits: Hit, networks: dict[str, str] | None = None) -> set[int]:
    found: set[int] = PEERS[name](COPY, list(hits), Table(networks or {}))
    return found


@every(
    ("name", "hits", "expected"),
    [
        ("raw (listmonk)", [hit(2)], set()),
        ("MassMailer, 30 s", [hit(30), hit(32)], {0}),
        ("MassMailer, hidden link", [hit(5), hit(40)], set()),
        ("MassMailer, hidden link", [hit(5), hit(6, 0, kind="decoy"), hit(40)], {0, 1}),
        ("Mautic", [hit(1, ua="curl/8.5.0"), hit(1), hit(9, ua="curl/8.5.0")], {0}),
        ("Preside", [hit(50, ua=""), hit(90)], {0}),
        ("Marketo, 0 s", [hit(50.1), hit(50.9, 2), hit(51.0, 3)], {0, 1}),
        ("Marketo, 3 s", [hit(50), hit(52, 2), hit(60, 3)], {0, 1}),
        ("lemlist", [hit(4, kind="opened"), hit(12), hit(40)], {0, 1}),
        ("CustomerMinds", [hit(50), hit(51, 2), hit(52, 3), hit(900)], {0, 1, 2}),
        ("CustomerMinds", [hit(50), hit(51, 2)], set()),
        ("Spotler", [hit(0.5), hit(50), hit(50.05, 2), hit(900)], {0, 1, 2}),
        ("Paminga", [hit(50, 0, kind="decoy"), hit(800), hit(5000)], {0, 1}),
        ("Warmbly, 10 s", [hit(9), hit(50), hit(55, 2), hit(900)], {0, 1, 2}),
        ("Omeda", [hit(50.1), hit(50.2, 2), hit(900)], {0, 1}),
        ("OpenAEV", [hit(9), hit(11), hit(900, ua="python-requests/2")], {0, 2}),
    ],
)
def test_a_rule_flags_what_its_maker_says(name: str, hits: list[Hit], expected: set[int]) -> None:
    assert flagged(name, *hits) == expected


def test_a_perfect_table_is_used_where_a_rule_looks_at_networks() -> None:
    table = {"84.1.2.3": "hosting"}
    for name in ("Omeda", "Paminga", "GoCheck"):
        assert flagged(name, hit(900)) == set()
    assert flagged("Omeda", hit(900), networks=table) == {0}
    assert flagged("Paminga", hit(900), networks=table) == {0}


def test_scores_are_those_of_the_textbook() -> None:
    clicks = [
        Click(human=True, agent="a", delivery=1, visitor="v", p=0.9),
        Click(human=True, agent="a", delivery=2, visitor="v", p=0.4),
        Click(human=False, agent="m", delivery=3, visitor="w", p=0.6),
        Click(human=False, agent="m", delivery=3, visitor="w", p=0.1),
    ]
    found = score(clicks)
    assert (found.leak, found.loss, found.f1, found.auc) == (0.5, 0.5, 0.5, 0.75)
    assert found.brier == pytest.approx((0.01 + 0.36 + 0.36 + 0.01) / 4)
    assert found.ece == pytest.approx((0.1 + 0.6 + 0.6 + 0.1) / 4)
    assert found.unique_error == pytest.approx((0.9 + 0.4 + 0.6) / 2 - 1)
    assert found.worst_loss is None
