"""Envelope senders of our own: each names its copy, in any case, and nobody else can make one."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.every import every

from mailwake.errors import Untrusted
from mailwake.modes import Mode, Modes
from mailwake.tokens import EPOCH, KeyRing, MessageToken, ReturnPaths

#: a published key, which is what tests are for
KEY = bytes(range(32))
RING = KeyRing({1: KEY})
GOLDEN: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "golden_tokens.json").read_text(encoding="utf-8"))
PATHS = ReturnPaths([RING], "bounces.example.com")
COPY = MessageToken(Modes.from_byte(51), 7, 2**62 + 1, 2**63 - 1, date(2026, 11, 25))


@every("golden", GOLDEN["return_paths"], ids=lambda each: each["address"][:12])
def test_golden_envelope_senders_are_read_for_ever(golden: dict[str, Any]) -> None:
    keys = KeyRing({int(slot): bytes.fromhex(key) for slot, key in GOLDEN["keys"].items()})
    token = ReturnPaths([keys], "bounces.example.com").read(golden["address"])
    assert token == MessageToken(
        Modes.from_byte(golden["modes"]),
        golden["template"],
        golden["delivery"],
        golden["recipient"],
        date.fromisoformat(golden["issued"]),
    )


@given(
    opens=st.sampled_from(Mode),
    clicks=st.sampled_from(Mode),
    template=st.integers(0, 2**32 - 1),
    delivery=st.integers(0, 2**64 - 1),
    recipient=st.integers(0, 2**64 - 1),
    days=st.integers(0, 16_383),
)
def test_an_envelope_sender_fits_and_comes_back_in_any_case(  # noqa: PLR0917 - the fields of a token
    opens: Mode, clicks: Mode, template: int, delivery: int, recipient: int, days: int
) -> None:
    issued = EPOCH + timedelta(days=days)
    token = MessageToken(Modes(opens=opens, clicks=clicks), template, delivery, recipient, issued)
    address = PATHS.address(token)
    assert len(address.partition("@")[0]) == 63
    for spelling in (address, address.upper(), address.swapcase()):
        read = PATHS.read(spelling)
        assert read[:4] == token[:4]
        assert timedelta(0) <= issued - read.issued < timedelta(days=4)


def test_an_envelope_sender_is_worthless_elsewhere_and_when_altered() -> None:
    address = PATHS.address(COPY)
    local, _, domain = address.partition("@")
    with pytest.raises(Untrusted, match="host"):
        PATHS.read(f"{local}@elsewhere.example.com")
    with pytest.raises(Untrusted, match="seal"):
        ReturnPaths([RING], "elsewhere.example.com").read(f"{local}@elsewhere.example.com")
    for place in range(2, len(local)):
        other = "a" if local[place] != "a" else "b"
        with pytest.raises(Untrusted):
            PATHS.read(f"{local[:place]}{other}{local[place + 1 :]}@{domain}")


@every("local", ["", "b-", "anna", "b-" + "1" * 61, "b-" + "a" * 60, "b-" + "a" * 62])
def test_what_is_no_envelope_sender_of_ours_is_refused(local: str) -> None:
    with pytest.raises(Untrusted):
        PATHS.read(f"{local}@bounces.example.com")


def test_an_envelope_sender_has_one_spelling_but_for_case() -> None:
    local = PATHS.address(COPY).partition("@")[0]
    bits = "abcdefghijklmnopqrstuvwxyz234567".index(local[-1])
    other = "abcdefghijklmnopqrstuvwxyz234567"[bits | 1]
    with pytest.raises(Untrusted, match="spelling"):
        PATHS.read(f"{local[:-1]}{other}@bounces.example.com")


def test_envelope_senders_of_former_keys_are_still_read() -> None:
    old = ReturnPaths([KeyRing({1: KEY})], "bounces.example.com").address(COPY)
    newer = KeyRing({1: KEY, 2: bytes(reversed(KEY))})
    assert ReturnPaths([newer], "bounces.example.com").read(old)[:4] == COPY[:4]
    assert ReturnPaths([KeyRing({9: bytes(31) + b"9"}), newer], "bounces.example.com").read(old)[:4] == COPY[:4]
