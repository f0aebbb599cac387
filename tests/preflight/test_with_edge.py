"""Gmail's POST against a real edge: it is answered, and nobody is unsubscribed."""

from __future__ import annotations

from pathlib import Path

from tests.edge.conftest import HOST, KEYS, NOW, RunningEdge, message, start_edge
from tests.visiting.web import home

from mailwake.compose.options import ComposeOptions
from mailwake.hosts import Hosts
from mailwake.preflight.examine import examine
from mailwake.preflight.surroundings import Installation, Surroundings
from mailwake.settings import parse
from mailwake.tokens import Purpose
from mailwake.visiting.asking import Wall

__all__ = ["start_edge"]


def test_one_click_is_tried_on_the_edge_itself_and_leaves_no_trace(start_edge: object, tmp_path: Path) -> None:
    edge: RunningEdge = start_edge()  # type: ignore[operator]
    base = f"http://{HOST}:{edge.port}"
    settings = parse({"tracking": {"base_url": base}}, root=tmp_path)
    around = Surroundings(
        now=NOW,
        options=ComposeOptions(own_hosts=frozenset({HOST})),
        installation=Installation.of(Hosts(settings, KEYS)),
        hosts={HOST: base},
        wall=Wall(allow_private=True, lookup=home, seconds=10),
    )
    raw = (
        f"From: news@example.com\r\nTo: a@example.org\r\nSubject: Roses\r\nDate: {NOW:%d %b %Y %H:%M:%S} +0000\r\n"
        f"Message-ID: <1@example.com>\r\nList-Id: <a.example.com>\r\nFeedback-ID: a:b:c:d\r\n"
        f"List-Unsubscribe: <{base}/u/{message(Purpose.UNSUBSCRIBE_HEADER)}>\r\n"
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\r\nRoses. To unsubscribe, write to off@example.com.\r\n"
    ).encode()
    report = examine(raw, around)
    assert ([found.code for found in report.findings], report.unknown) == ([], ())
    assert edge.events() == []
    assert edge.stop()["inert"] == 1
    assert [found.code for found in examine(raw, around).findings] == ["one_click_silent"]
