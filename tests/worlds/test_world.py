"""Worlds with known truth: as planned, the same each time, and readable by the judge."""

import json

import pytest
from tests.every import every

from mailwake.exchange.lines import Hit as Line
from mailwake.exchange.lines import evidence_of, source_of
from mailwake.origins.networks import Networks
from mailwake.pipeline.evidence import EvidenceReader
from mailwake.sections import Enrich
from mailwake.worlds.machines import load_manners
from mailwake.worlds.world import KINDS, World, draw_plan, live


def world(kind: str, seed: int = 7) -> World:
    return live(draw_plan(kind, seed, copies=600))


@every("kind", KINDS)
@pytest.mark.long
def test_machines_have_the_share_of_clicks_that_was_planned(kind: str) -> None:
    found = live(draw_plan(kind, 3, copies=1_500))
    clicks = [hit for copy in found.copies for hit in copy.hits if hit.type == "clicked" and hit.signature_ok]
    share = sum(not hit.human for hit in clicks) / len(clicks)
    assert share == pytest.approx(found.plan.machine_share, abs=0.12)
    assert any(hit.human for hit in clicks)


@every("kind", KINDS)
@pytest.mark.long
def test_every_line_can_be_judged(kind: str) -> None:
    import msgspec

    lines = [msgspec.convert(line, Line) for line, _ in world(kind).lines()]
    reader = EvidenceReader(Networks(Enrich(), b"key"), b"key")
    source = source_of(lines)
    assert len({evidence_of(line, reader, n, source).id for n, line in enumerate(lines)}) > 600


def test_a_world_is_the_same_each_time_and_others_are_not() -> None:
    one, two, other = ([line for line, _ in world("mixed", seed).lines()] for seed in (7, 7, 8))
    assert json.dumps(one) == json.dumps(two)
    assert one != other


def test_withheld_means_no_address_and_no_agent() -> None:
    assert not any("ip" in line or "ua" in line or "headers" in line for line, _ in world("withheld").lines())


def test_no_one_clicks_before_the_message_was_sent_but_by_skew() -> None:
    for copy in world("company").copies:
        assert all(hit.at > copy.sent_at - 5 for hit in copy.hits)


def test_the_judge_never_reads_a_world() -> None:
    from pathlib import Path

    from mailwake import judge

    names = {manner.name for group in load_manners() for manner in group}
    folder = Path(judge.__file__).parent
    text = "".join(path.read_text(encoding="utf-8") for path in folder.rglob("*") if path.suffix in {".py", ".toml"})
    assert not [name for name in names - {"barracuda", "proofpoint", "mimecast", "library"} if name in text]
