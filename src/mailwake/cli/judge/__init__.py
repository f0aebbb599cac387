"""`mailwake judge`: verdicts with reasons on hits from anywhere, as JSON lines."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from mailwake.cli.judge import fit
from mailwake.errors import BadInput
from mailwake.events import Class, Evidence, Settlement
from mailwake.exchange.lines import Line, Read, read_lines, understand
from mailwake.judge import Judged
from mailwake.judge.rules import load_rules
from mailwake.judge.verdicts import StreamJudge
from mailwake.origins.networks import Networks
from mailwake.pipeline.evidence import EvidenceReader
from mailwake.sections import Enrich

#: Nothing is stored, so the keyed hashes only have to tell hits of one run apart.
_KEY = b"mailwake judge: one run"
#: Judged quietly below this many lines; more take over a second.
_PROGRESS_FROM = 20_000


command = typer.Typer()
command.command("fit")(fit.command)


@command.callback(invoke_without_command=True)
def judge_hits(
    context: typer.Context,
    *,
    live: Annotated[bool, typer.Option("--live/--final", help="Verdict of that moment, or after all.")] = False,
    ruleset: Annotated[Path | None, typer.Option("--ruleset", help="TOML file with other weights.")] = None,
) -> None:
    """Judge hits: JSON lines in, one verdict per line out, in the order of the input.

    The whole input is judged as one stream by the field "at". A line that cannot be read still gets its line, with
    p_human null and the problem as reason; the command then ends with exit 1. Needs no settings and no keys.

    In: id, type (sent delivered opened clicked decoy unsub_view unsub_post replied converted), at (seconds), delivery,
    recipient, domain, link, links, stream, ip, ua, method, headers, signature_ok. Only type and at are required.

    Example: mailwake judge < hits.jsonl > verdicts.jsonl
    """
    if context.invoked_subcommand is not None:
        return
    judge = StreamJudge(load_rules(ruleset))
    reader = EvidenceReader(Networks(Enrich(), _KEY), _KEY)
    lines = understand([*_progress(read_lines(sys.stdin.buffer))], reader)
    found = _live(judge, lines) if live else _final(judge, lines)
    _write(lines, found, judge.ruleset)
    unread = [each for each in lines if each.evidence is None]
    for each in unread[:20]:
        print(f"mailwake: line {each.number}: {each.problem}", file=sys.stderr)
    if unread:
        raise BadInput(f"{len(unread)} of {len(lines)} lines could not be read; they have p_human null")


def _final(judge: StreamJudge, lines: Iterable[Line]) -> dict[int, Judged]:
    stream = (each.evidence for each in lines if each.evidence is not None)
    return {told.id: told for told in judge.judge_all(sorted(stream, key=_by_time))}


def _live(judge: StreamJudge, lines: Iterable[Line]) -> dict[int, Judged]:
    found: dict[int, Judged] = {}
    for evidence in sorted((each.evidence for each in lines if each.evidence is not None), key=_by_time):
        judge.settle(evidence.at)
        for told in judge.observe(evidence):
            if told.id == evidence.id:
                found.setdefault(told.id, told)
    return found


def _by_time(evidence: Evidence) -> tuple[int, int]:
    return evidence.at, evidence.id


def _write(lines: Iterable[Line], found: Mapping[int, Judged], ruleset: str) -> None:
    encoder, out = msgspec.json.Encoder(), sys.stdout.buffer
    waiting = bytearray()
    for each in lines:
        encoder.encode_into(_answer(each, found, ruleset), waiting, len(waiting))
        waiting += b"\n"
        if len(waiting) > 1 << 20:
            out.write(waiting)
            waiting.clear()
    out.write(waiting)
    out.flush()


def _answer(line: Line, found: Mapping[int, Judged], ruleset: str) -> dict[str, object]:
    told = found.get(line.evidence.id) if line.evidence is not None else None
    if told is not None:
        verdict = told.verdict
        return {
            "id": line.id,
            "p_human": verdict.p_human,
            "class": verdict.klass,
            "reasons": verdict.reasons,
            "ruleset": verdict.ruleset,
            "state": verdict.state,
        }
    reasons = [{"code": "unreadable", "weight": 0.0, "fact": line.problem}] if line.evidence is None else []
    return {
        "id": line.id,
        "p_human": None,
        "class": Class.UNKNOWN,
        "reasons": reasons,
        "ruleset": ruleset,
        "state": Settlement.SETTLED,
    }


def _progress(lines: Iterable[Read]) -> Iterator[Read]:
    """The lines, with a count on a terminal once it takes long."""
    for count, each in enumerate(lines, 1):
        if count % _PROGRESS_FROM == 0 and sys.stderr.isatty():
            print(f"\r{count:,} lines read", end="", file=sys.stderr, flush=True)
        yield each
    if sys.stderr.isatty():
        print("\r", end="", file=sys.stderr)
