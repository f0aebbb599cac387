"""docs/explain/scale.md adds up: every formula gives the value beside it, and what the code decides is measured."""

import ast
import base64
import json
import math
import operator
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.every import every

from mailwake.edge.pixel import PIXEL
from mailwake.eventlog.segments import pack
from mailwake.events import EventType, Note, encode_hit
from mailwake.sections import Ingest

PAGE = (Path(__file__).parents[1] / "docs" / "explain" / "scale.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `(\w+)` \| ([\d.,]+) \| (.*) \|$", PAGE, re.MULTILINE)
VALUES = {name: float(value.replace(",", "")) for name, value, _ in ROWS}
FORMULAS = [(name, found[1]) for name, _, told in ROWS if (found := re.search(r": `([^`]*[*/+(][^`]*)`$", told))]
OPERATORS: dict[type, Callable[[float, float], float]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
}  # fmt: skip
ENGINE = "AppleWebKit/537.36 (KHTML, like Gecko)"
#: What Chrome sends for an image; `benchmarks/edge.py` measures with the same.
HEAD = "\r\n".join(
    (
        "Host: track.example.com",
        "Connection: keep-alive",
        'sec-ch-ua: "Chromium";v="142", "Google Chrome";v="142", "Not_A Brand";v="99"',
        "sec-ch-ua-mobile: ?0",
        f"User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) {ENGINE} Chrome/142.0.0.0 Safari/537.36",
        'sec-ch-ua-platform: "Windows"',
        "Accept: image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8",
        "Sec-Fetch-Site: cross-site",
        "Sec-Fetch-Mode: no-cors",
        "Sec-Fetch-Dest: image",
        "Referer: https://mail.example.com/",
        "Accept-Encoding: gzip, deflate, br, zstd",
        "Accept-Language: en-US,en;q=0.9",
    )
).encode()


def work_out(node: ast.AST) -> float:
    """Plain arithmetic over the names of the page, and nothing else."""
    if isinstance(node, ast.Expression):
        return work_out(node.body)
    if isinstance(node, ast.Name):
        return VALUES[node.id]
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return float(node.value)
    if isinstance(node, ast.BinOp):
        return OPERATORS[type(node.op)](work_out(node.left), work_out(node.right))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "ceil":
        return float(math.ceil(work_out(node.args[0])))
    raise AssertionError(f"{ast.dump(node)} is no arithmetic")


def test_there_is_something_to_work_out() -> None:
    assert len(ROWS) > 40
    assert len({name for name, _, _ in ROWS}) == len(ROWS)
    assert len(FORMULAS) > 20
    assert VALUES["mails"] == 10**9


@every(("name", "formula"), FORMULAS, ids=[name for name, _ in FORMULAS])
def test_the_value_is_what_the_formula_gives(name: str, formula: str) -> None:
    """To three digits, as far as it is printed."""
    assert work_out(ast.parse(formula, mode="eval")) == pytest.approx(VALUES[name], rel=2e-3)


def test_no_formula_uses_what_stands_below_it() -> None:
    order = [name for name, _, _ in ROWS]
    for name, formula in FORMULAS:
        used = {node.id for node in ast.walk(ast.parse(formula)) if isinstance(node, ast.Name)} - {"ceil"}
        assert all(order.index(each) < order.index(name) for each in used), name


def packed_bytes(opens: int) -> float:
    """Of one of so many that are committed at once, from other readers each."""
    dice, found = random.Random(1), list[bytes]()
    for _ in range(opens):
        path = b"/o/" + base64.urlsafe_b64encode(dice.randbytes(41)).rstrip(b"=")
        ids = (2**31, dice.getrandbits(63), dice.getrandbits(63))
        request = ("GET", path, f"198.51.{dice.randrange(100, 256)}.{dice.randrange(100, 256)}", (), HEAD)
        found.append(encode_hit(EventType.OPENED, 10**15 + len(found), 0x33, ids, None, Note.NONE, request))
    return len(pack(found)) / opens


def measured() -> dict[str, float]:
    def hit(modes: int, request: Any) -> int:
        ids = (2**31, 2**62, 2**61) if request else (2**31, None, None)
        return len(encode_hit(EventType.OPENED, 10**15, modes, ids, None, Note.NONE, request))

    line = {"msec": "1795435201.250", "request_method": "GET", "host": "track.example.com"}
    line |= {"request_uri": "/o/" + "A" * 55, "status": "200", "request_id": "0" * 32}
    date = "Date: Mon, 23 Nov 2026 12:00:01 GMT\r\n\r\n"
    return {
        "event_bytes": hit(0x33, ("GET", b"/o/" + b"A" * 55, "198.51.100.123", (), HEAD)),
        "counted_bytes": hit(0x11, None),
        "packed_bytes": packed_bytes(60),
        "answer_bytes": len(PIXEL.head) + len(date) + len(PIXEL.body),
        "line_bytes": len(json.dumps(line, separators=(",", ":"))) + 1,
    }


@pytest.mark.parametrize("name", measured())
def test_what_the_code_decides_is_what_the_page_says(name: str) -> None:
    assert measured()[name] == pytest.approx(VALUES[name], rel=0.03)


def test_what_the_page_says_of_a_default_is_the_default() -> None:
    assert f"ships as {Ingest().access_log_days}" in PAGE
