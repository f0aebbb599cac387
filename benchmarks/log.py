"""The log: durable events a second, and how long one commit takes, at 100 and 1,000 events a segment.

Every round also writes the same bytes to a plain file with one `fdatasync` per segment: the wall that a log can come
near to and not pass. Events have 300 bytes. Checkpoints run as they do in service. Run it with `mailwake bench log`.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import uvloop

from mailwake.eventlog import segments
from mailwake.eventlog.sqlite import SqliteWriter

EVENT_BYTES = 300
BUDGETS = {100: 200_000, 1_000: 900_000}


def events(count: int) -> list[bytes]:
    dice = random.Random(1)
    return [dice.randbytes(EVENT_BYTES) for _ in range(count)]


async def through_the_log(folder: Path, batch: list[bytes], seconds: float) -> list[float]:
    """How long each segment took until its callers knew that it is durable."""
    writer, took = SqliteWriter.open(folder, "bench"), list[float]()
    end = time.perf_counter() + seconds
    while (start := time.perf_counter()) < end:
        await writer.write(batch)
        took.append(time.perf_counter() - start)
    await writer.close()
    return took


def through_a_file(folder: Path, batch: list[bytes], seconds: float) -> list[float]:
    took = list[float]()
    file = os.open(folder / "plain", os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    end = time.perf_counter() + seconds
    while (start := time.perf_counter()) < end:
        os.write(file, segments.pack(batch))
        os.fdatasync(file)
        took.append(time.perf_counter() - start)
    os.close(file)
    return took


def summary(took: list[float], count: int) -> dict[str, float]:
    ordered = sorted(took)
    return {
        "per_second": count * len(took) / sum(took),
        "p50_ms": statistics.median(ordered) * 1e3,
        "p99_ms": ordered[len(ordered) * 99 // 100] * 1e3,
        "max_ms": ordered[-1] * 1e3,
    }


def measure(*, seconds: float, rounds: int, where: str | None) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for count in BUDGETS:
        batch, found = events(count), []
        for _ in range(rounds):
            with tempfile.TemporaryDirectory(dir=where) as name:
                plain = summary(through_a_file(Path(name), batch, seconds), count)
                log = summary(uvloop.run(through_the_log(Path(name), batch, seconds)), count)
                found.append({"log": log, "file": plain, "ratio": log["per_second"] / plain["per_second"]})
        result[str(count)] = found
    return result


def show(result: dict[str, Any]) -> None:
    print(f"a segment    events/s   p50 ms  {'p99 ms':>7}  {'max ms':>7}  {'file/s':>10}  of file")
    for count, rounds in result.items():
        for one in rounds:
            log = one["log"]
            print(
                f"{count:>9}  {log['per_second']:>10,.0f}  {log['p50_ms']:>7.2f}  {log['p99_ms']:>7.2f}"
                f"  {log['max_ms']:>7.1f}  {one['file']['per_second']:>10,.0f}  {one['ratio']:>7.2f}"
            )
    for count, rounds in result.items():
        rate = statistics.median(one["log"]["per_second"] for one in rounds)
        p99 = statistics.median(one["log"]["p99_ms"] for one in rounds)
        budget = BUDGETS[int(count)]
        word = "reached" if rate >= budget and p99 <= 5 else "missed"
        print(f"{count} a segment: {rate:,.0f} events/s, p99 {p99:.2f} ms; budget {budget:,} and 5 ms {word}")


def main() -> None:
    parser = argparse.ArgumentParser(description="durable events a second")
    parser.add_argument("--seconds", type=float, default=3.0, help="length of one measurement")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", help="put the log on this disk")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    result = measure(seconds=given.seconds, rounds=given.rounds, where=given.folder)
    print(json.dumps(result)) if given.json else show(result)


if __name__ == "__main__":
    main()
