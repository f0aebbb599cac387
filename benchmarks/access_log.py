"""Reading access logs against answering the same hits: processor time of a line beside that of a hit at the edge.

Every round answers pixels at the edge (durable, 128 connections, as `edge.py` does) and then reads the same tokens out
of logs in four forms, and once more when all is known. What a line costs is the processor time of the command,
kernel included, less that of reading nothing; what a hit costs is the same of the edge's process. Their ratio is how
many lines a core reads in the time in which it answers one hit.

Needs `wrk` on the PATH. Run it with `mailwake bench access_log`.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from edge import AGENT, HOST, Subject, cores, edge, load, on_core, prepare
from mailwake.modes import Mode, Modes
from mailwake.settings import load as load_settings
from mailwake.tokens import MessageToken, Minter, Purpose
from peers.pairs import ratio, told

FORMS = ("nginx json", "combined", "cloudfront", "counting")
FIELDS = "timestamp(ms) cs-method x-host-header cs-uri-stem sc-status x-edge-request-id c-ip cs(User-Agent)"


class Hits:
    """So many hits of the last hour, the same for every form."""

    def __init__(self, folder: Path, count: int) -> None:
        paths = (folder / "pixels").read_text(encoding="utf-8").split()
        keys = load_settings(folder / "mailwake.toml").load_keys()
        modes = Modes(opens=Mode.AGGREGATE, clicks=Mode.AGGREGATE)
        token = MessageToken(modes, 7, 0, 0, datetime.now(UTC).date())
        self.counted = f"/o/{Minter(keys, HOST).message(Purpose.READ, token)}"
        self._paths, self._count = paths, count

    def __iter__(self) -> Iterator[tuple[float, str, str, str]]:
        """Time, path, address and request id."""
        dice, start = random.Random(1), datetime.now(UTC).timestamp() - 3_600
        for number in range(self._count):
            address = ".".join(str(dice.randrange(1, 255)) for _ in range(4))
            path = self._paths[number % len(self._paths)]
            yield start + number * 3_000 / self._count, path, address, f"{dice.getrandbits(128):032x}"


def nginx_json(hits: Hits) -> Iterator[str]:
    headers = {"http_user_agent": AGENT, "http_accept_language": "en-US,en;q=0.9", "http_sec_fetch_mode": "no-cors"}
    headers |= dict.fromkeys(("http_sec_ch_ua", "http_sec_ch_ua_mobile", "http_x_native_host", "http_sec_purpose"), "")
    headers |= dict.fromkeys(("http_purpose", "http_x_purpose", "http_x_moz"), "")
    for at, path, address, name in hits:
        yield json.dumps({**_counting(at, path, name), "remote_addr": address, **headers}, separators=(",", ":"))


def _counting(at: float, path: str, name: str) -> dict[str, str]:
    asked = {"msec": f"{at:.3f}", "request_method": "GET", "host": HOST, "request_uri": path}
    return {**asked, "status": "200", "request_id": name}


def combined(hits: Hits) -> Iterator[str]:
    for at, path, address, _ in hits:
        time = datetime.fromtimestamp(at, UTC)
        yield f'{HOST} {address} - - [{time:%d/%b/%Y:%H:%M:%S +0000}] "GET {path} HTTP/1.1" 200 43 "-" "{AGENT}"'


def cloudfront(hits: Hits) -> Iterator[str]:
    yield f"#Fields: {FIELDS}"
    for at, path, address, name in hits:
        agent = AGENT.replace(" ", "%20")
        yield "\t".join((f"{at * 1e3:.0f}", "GET", HOST, path, "200", name, address, agent))


def counting(hits: Hits) -> Iterator[str]:
    for at, _, _, name in hits:
        yield json.dumps(_counting(at, hits.counted, name), separators=(",", ":"))


WRITERS: dict[str, Callable[[Hits], Iterator[str]]] = dict(
    zip(FORMS, (nginx_json, combined, cloudfront, counting), strict=True)
)


def read(folder: Path, log: Path, core: int | None) -> tuple[float, dict[str, Any]]:
    """Seconds of processor time of the command, and what it counted."""
    command = on_core(core, [sys.executable, "-m", "mailwake", "ingest-access-log", str(log), "--json"])
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE)
    out = process.stdout.read() if process.stdout else b""
    _, code, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(code)
    if process.returncode:
        raise SystemExit(f"{log.name}: the command ended with {process.returncode}")
    counts: dict[str, Any] = json.loads(out)
    return used.ru_utime + used.ru_stime, counts


def one_form(folder: Path, log: Path, core: int | None, *, empty: float) -> dict[str, float]:
    shutil.rmtree(folder / "mailwake-data" / "access-log", ignore_errors=True)
    first, counts = read(folder, log, core)
    again, known = read(folder, log, core)
    if counts["recorded"] != counts["lines"] or known["known"] != counts["lines"]:
        raise SystemExit(f"{log.name}: {counts} and then {known}; the numbers would mean nothing")
    return {"line_us": (first - empty) / counts["lines"] * 1e6, "known_us": (again - empty) / counts["lines"] * 1e6}


def measure(*, seconds: float, rounds: int, lines: int) -> dict[str, Any]:
    server, client = cores()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        hits = Hits(folder, lines)
        for form, write in WRITERS.items():
            (folder / form).write_text("".join(f"{line}\n" for line in write(hits)), encoding="utf-8")
        (folder / "empty").touch()
        measured = []
        for _ in range(rounds):
            with edge(folder, server) as ours:
                found = load(Subject("pixel", *ours, "pixels"), folder, core=client, seconds=seconds, connections=128)
            empty, _ = read(folder, folder / "empty", server)
            one = {form: one_form(folder, folder / form, server, empty=empty) for form in FORMS}
            measured.append({"edge_us": found["cpu_us"], "forms": one})
    return {"rounds": measured, "forms": {form: _ratios(measured, form) for form in FORMS}}


def _ratios(measured: list[dict[str, Any]], form: str) -> dict[str, Any]:
    def of(cost: str) -> dict[str, float]:
        return ratio([one["edge_us"] / one["forms"][form][cost] for one in measured])

    rate = 1e6 / statistics.median(one["forms"][form]["line_us"] for one in measured)
    return {"to_edge": of("line_us"), "known_to_edge": of("known_us"), "lines_per_second": rate}


def show(result: dict[str, Any]) -> None:
    print("round  edge µs   " + "   ".join(f"{form:>12}" for form in FORMS) + "   (µs a line, and when it is known)")
    for number, one in enumerate(result["rounds"], 1):
        costs = (f"{one['forms'][form]['line_us']:>6.1f} {one['forms'][form]['known_us']:>5.1f}" for form in FORMS)
        print(f"{number:>5}  {one['edge_us']:>7.1f}   " + "   ".join(costs))
    for form, found in result["forms"].items():
        print(
            f"{form}: {told(found['to_edge'])} lines read for a hit answered, {told(found['known_to_edge'], 1)} when "
            f"known; {found['lines_per_second']:,.0f} lines/s of one core"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description="reading access logs against answering")
    parser.add_argument("--seconds", type=float, default=3.0, help="length of one measurement at the edge")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    result = measure(seconds=given.seconds, rounds=given.rounds, lines=given.lines)
    print(json.dumps(result)) if given.json else show(result)


if __name__ == "__main__":
    main()
