"""The log: durable events a second, and how long one commit takes, at 100 and 1,000 events a segment.

Events are hits as Gmail's image proxy sends them, about 300 bytes each, with ids and tokens of their own; and, for the
worst that could come, as many random bytes, of which nothing can be packed. Every round also writes the same records
to a plain file, unpacked, with one `fdatasync` per segment: the wall that a log which packs nothing can come near to.
Checkpoints run as they do in service. Run it with `mailwake bench log`.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import random
import statistics
import tempfile
import time
from itertools import product
from pathlib import Path
from typing import Any

import uvloop

from mailwake.eventlog.sqlite import SqliteWriter
from mailwake.events import EventType, Note, encode_hit
from mailwake.modes import INDIVIDUAL

BUDGETS = {100: 200_000, 1_000: 900_000}
#: as it fetches a picture when somebody opens a mail
HEAD = (
    b"Host: track.example.com\r\nConnection: keep-alive\r\nUser-Agent: Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko "
    b"Firefox/11.0 (via ggpht.com GoogleImageProxy)\r\nAccept-Encoding: gzip, deflate, br"
)


def hits(count: int) -> list[bytes]:
    dice, now = random.Random(1), time.time_ns() // 1_000
    found = []
    for n in range(count):
        path = b"/o/" + base64.urlsafe_b64encode(dice.randbytes(41)).rstrip(b"=")
        ids = (7, dice.getrandbits(63), dice.getrandbits(63))
        address = f"66.249.{dice.randrange(80, 96)}.{dice.randrange(256)}"
        request = ("GET", path, address, (), HEAD)
        found.append(encode_hit(EventType.OPENED, now + n * 10, INDIVIDUAL.byte, ids, None, Note.NONE, request))
    return found


def noise(count: int) -> list[bytes]:
    dice = random.Random(1)
    return [dice.randbytes(len(record)) for record in hits(count)]


KINDS = {"hits": hits, "noise": noise}


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
        os.write(file, b"".join(batch))
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
    for kind, count in product(KINDS, BUDGETS):
        batch, found = KINDS[kind](count), []
        for _ in range(rounds):
            with tempfile.TemporaryDirectory(dir=where) as name:
                plain = summary(through_a_file(Path(name), batch, seconds), count)
                log = summary(uvloop.run(through_the_log(Path(name), batch, seconds)), count)
                found.append({"log": log, "file": plain, "ratio": log["per_second"] / plain["per_second"]})
        result[f"{count} {kind}"] = found
    return result


def show(result: dict[str, Any]) -> None:
    print(f"  a segment    events/s   p50 ms  {'p99 ms':>7}  {'max ms':>7}  {'file/s':>10}  of file")
    for count, rounds in result.items():
        for one in rounds:
            log = one["log"]
            print(
                f"{count:>11}  {log['per_second']:>10,.0f}  {log['p50_ms']:>7.2f}  {log['p99_ms']:>7.2f}"
                f"  {log['max_ms']:>7.1f}  {one['file']['per_second']:>10,.0f}  {one['ratio']:>7.2f}"
            )
    for count, rounds in result.items():
        rate = statistics.median(one["log"]["per_second"] for one in rounds)
        p99 = statistics.median(one["log"]["p99_ms"] for one in rounds)
        budget = BUDGETS[int(count.split()[0])]
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
