"""What every test of this room needs: keys, a tracking host, and one recipient's copy."""

import io
import json
import tarfile
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from mailwake.compose.copy import Copy
from mailwake.compose.options import ComposeOptions
from mailwake.modes import INDIVIDUAL, Modes
from mailwake.tokens import KeyRing, LinkToken, MessageToken, Minter, TokenReader

HOST = "track.example.org"
CORPUS = Path(__file__).parents[1] / "data" / "html"
KEYS = KeyRing({1: b"keys for tests, not for any mail"})

MakeCopy = Callable[..., Copy]


@cache
def corpus(name: str) -> dict[str, bytes]:
    """Path to content of every file of one archive."""
    with tarfile.open(CORPUS / f"{name}.tar.gz") as archive:
        return {
            member.name: file.read()
            for member in archive.getmembers()
            if (file := archive.extractfile(member)) is not None
        }


def sidecar(name: str) -> dict[str, Any]:
    """What is expected of a hard case."""
    expected: dict[str, Any] = json.load(io.BytesIO(corpus("tricky")[f"{name}.json"]))
    return expected


def make_copy(
    host: str = HOST, *, modes: Modes = INDIVIDUAL, delivery: int = 5, recipient: int = 6, template: int = 77
) -> Copy:
    token = MessageToken(modes, template, delivery, recipient, date(2026, 11, 23))
    return Copy(minter=Minter(KEYS, host), base_url=f"https://{host}", token=token)


def read_link(url: str, host: str = HOST) -> LinkToken:
    return TokenReader(KEYS, [host]).link(url.rsplit("/", 1)[1], host)


@pytest.fixture
def copy() -> Copy:
    return make_copy()


@pytest.fixture
def options() -> ComposeOptions:
    return ComposeOptions(own_hosts=frozenset({HOST}))
