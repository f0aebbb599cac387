"""A mailbox on a real IMAP server: read once, from where the last reading ended, and left as it was."""

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.ingest.mailboxes import client, put, serving

from mailwake.errors import Misconfigured, Unavailable
from mailwake.ingest.imap import BATCH, Account, Place, Places, new_mail


@pytest.fixture(scope="module")
def server() -> Iterator[Account]:
    with serving() as account:
        yield account


@pytest.fixture
def account(server: Account, request: pytest.FixtureRequest) -> Account:
    """A folder of its own for each test; its name has what has to be quoted."""
    mine = replace(server, folder=f"Bounces {request.node.name}")
    with client(mine) as box:
        assert box.create(f'"{mine.folder}"')[0] == "OK"
    return mine


def read(account: Account, after: Place | None = None) -> tuple[Place | None, list[bytes]]:
    mails: list[bytes] = []
    for place, part in new_mail(account, after):
        after, mails = place, mails + part
    return after, mails


def test_all_that_is_new_is_read_in_order_and_only_once(account: Account) -> None:
    first, second, third = (f"Subject: {n}\n\nbody {n}\n".encode() for n in range(3))
    put(account, first, second)
    place, mails = read(account)
    assert [mail.replace(b"\r\n", b"\n") for mail in mails] == [first, second]
    assert read(account, place) == (place, [])
    put(account, third)
    assert [mail.replace(b"\r\n", b"\n") for mail in read(account, place)[1]] == [third]


@pytest.mark.long
def test_more_than_a_batch_comes_in_batches(account: Account) -> None:
    put(account, *(f"Subject: {n}\n\n".encode() for n in range(BATCH + 3)))
    batches = [len(mails) for _, mails in new_mail(account, None)]
    assert batches == [BATCH, 3]


@pytest.mark.long
def test_a_mailbox_that_was_numbered_anew_is_read_from_the_beginning(account: Account) -> None:
    put(account, b"Subject: a\n\n")
    place, _ = read(account)
    assert place is not None
    assert len(read(account, place._replace(validity=place.validity + 1))[1]) == 1


def test_nothing_in_the_mailbox_is_changed(account: Account) -> None:
    put(account, b"Subject: a\n\n")
    read(account)
    with client(account) as box:
        box.select(f'"{account.folder}"', readonly=True)
        assert box.search(None, "UNSEEN")[1] != [b""]


def test_of_a_mail_that_is_too_long_the_rest_is_not_fetched(account: Account) -> None:
    put(account, b"Subject: a\n\n" + b"x" * 50_000)
    (mail,) = read(replace(account, max_bytes=1_000))[1]
    assert len(mail) == 1_000


def test_an_empty_mailbox_has_nothing_new(account: Account) -> None:
    assert read(account) == (None, [])


def test_what_the_server_refuses_is_said_by_the_option_to_mend(account: Account) -> None:
    with pytest.raises(Misconfigured, match="user"):
        read(replace(account, password="wrong"))
    with pytest.raises(Misconfigured, match="no folder"):
        read(replace(account, folder="Nowhere"))


def test_a_server_that_is_away_or_no_imap_is_waited_for(account: Account) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        with pytest.raises(Unavailable, match="does not answer"):
            read(replace(account, port=port, timeout_seconds=0.2))
    with pytest.raises(Unavailable, match="does not answer"):
        read(replace(account, port=port))


@pytest.mark.long
def test_how_far_a_mailbox_was_read_survives_and_a_damaged_file_costs_a_second_reading(tmp_path: Path) -> None:
    places = Places(tmp_path / "imap.json")
    assert places.get("a") is None
    places.put("a", Place(7, 12))
    places.put("b", Place(8, 1))
    assert Places(tmp_path / "imap.json").get("a") == Place(7, 12)
    for damaged in ("", "[]", "{", '{"a": {"validity": "x"}}', '{"a": 7}', '{"a": []}'):
        (tmp_path / "imap.json").write_text(damaged)
        assert places.get("a") is None
        places.put("a", Place(1, 1))
        assert places.get("a") == Place(1, 1)
