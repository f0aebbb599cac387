"""Real mail, hard cases and random bytes: judged without a crash, whatever they are."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.compose.conftest import corpus

from mailwake.preflight.examine import examine
from mailwake.preflight.surroundings import Surroundings

NOW = datetime(2026, 11, 26, 20, 0, tzinfo=UTC)
AROUND = Surroundings(now=NOW)
HEAD = (
    b"From: a@example.com\nMIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n"
    b"Content-Transfer-Encoding: 8bit\n\n"
)


@pytest.mark.parametrize("name", [pytest.param("html", marks=pytest.mark.long), "eml", "tricky"])
def test_the_corpus_is_judged_without_a_crash(name: str) -> None:
    for path, raw in corpus(name).items():
        message = raw if path.endswith(".eml") else HEAD + raw
        report = examine(message, AROUND)
        lines = message.count(b"\n") + 1
        for found in report.findings:
            assert 1 <= found.place.line <= lines, f"{path}: {found.code}"
            assert "%(" not in found.title + found.why + found.mend
            assert "\n" not in found.place.words + found.title


@given(st.binary(max_size=300))
def test_random_bytes_are_judged_without_a_crash(raw: bytes) -> None:
    examine(raw, AROUND)
    examine(HEAD + raw, AROUND)
