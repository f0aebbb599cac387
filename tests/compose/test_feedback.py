"""A Feedback-ID names groups of mail; what stands for one reader is found in it."""

import pytest
from tests.every import every

from mailwake.compose.feedback import names_reader


@every(
    ("written", "expected"),
    [
        ("7:Ann@Example.org:news:garden", True),
        ("7:ann=example.org:news:garden", True),
        ("7:ann%40example.org:news:garden", True),
        ("7:3C7E69CF6D34D1C2F8A7CDC5F2E79CF5:news:garden", False),
        ("7:example.org:news:ann", False),
    ],
)
def test_what_stands_for_a_reader(written: str, expected: bool) -> None:
    assert names_reader(written, ["ann@example.org"]) is expected


@pytest.mark.parametrize("kind", ["md5", "sha1", "sha256"])
def test_a_digest_stands_for_a_reader_too(kind: str) -> None:
    import hashlib

    digest = hashlib.new(kind, b"ann@example.org").hexdigest()
    assert names_reader(f"7:{digest.upper()}:news:garden", ["ben@example.org", "Ann@example.org"])
    assert not names_reader(f"7:{digest}:news:garden", ["ben@example.org"])
