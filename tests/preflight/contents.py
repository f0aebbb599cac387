"""Letters by what stands in them, and what is found there."""

from __future__ import annotations

from typing import Any

from tests.preflight.letters import WORDS, World, sign, text_part, unsigned

from mailwake.preflight.examine import Report, examine


def codes(report: Report) -> list[str]:
    return [found.code for found in report.findings]


def judged(world: World, raw: bytes, **around: Any) -> Report:
    return examine(raw, world.around(**{"visitor": None, "wall": None, **around}))


def text_alone(world: World, text: str) -> bytes:
    fields = {**world.fields(), "Content-Type": "text/plain; charset=utf-8", "Content-Transfer-Encoding": "8bit"}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return sign(f"{head}\r\n{text}\r\n".replace("\r\n", "\n").replace("\n", "\r\n").encode())


def page_alone(world: World, body: str, change: dict[str, str] | None = None) -> bytes:
    """A page that nobody tracked, with a text beside it."""
    fields = {**world.fields(), "X-Mailwake": "untouched", **(change or {})}
    page = text_part(f"<html><body>\n<p>{WORDS}</p>\n{body}\n</body></html>", "text/html; charset=utf-8")
    return sign(unsigned(fields, text_part(), page))
