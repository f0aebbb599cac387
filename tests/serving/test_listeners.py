"""Readers, colleagues and an installation's own machines come by doors of their own."""

from pathlib import Path
from typing import Any

import pytest
from tests.every import every

from mailwake.errors import Misconfigured
from mailwake.serving.listeners import keep_apart, listeners_of
from mailwake.settings import parse

SECTIONS = ("edge", "relay", "ingest", "webhook_server", "web", "monitor")


def settings(tmp_path: Path, **sections: Any) -> Any:
    return parse({"conversions": {"secrets": ["file:token"]}, **sections}, root=tmp_path)


def test_as_shipped_everybody_has_an_address_of_their_own_on_this_machine(tmp_path: Path) -> None:
    told = settings(tmp_path)
    keep_apart(told)
    assert [option for option, *_ in listeners_of(told)] == [f"{name}.port" for name in SECTIONS]
    assert {host for _, host, _ in listeners_of(told)} == {"127.0.0.1"}


@every("one", SECTIONS)
@every("other", SECTIONS)
def test_no_two_share_an_address(tmp_path: Path, one: str, other: str) -> None:
    if one != other:
        with pytest.raises(Misconfigured, match="an address of its own") as caught:
            keep_apart(settings(tmp_path, **{one: {"port": 9_000}, other: {"port": 9_000}}))
        assert caught.value.option in (f"{one}.port", f"{other}.port")


@every("host", ["0.0.0.0", "::", "", "localhost", "127.0.0.1"])
def test_an_address_that_holds_another_is_the_same(tmp_path: Path, host: str) -> None:
    with pytest.raises(Misconfigured, match=r"9000 is edge\.port already"):
        keep_apart(settings(tmp_path, edge={"port": 9_000, "host": host}, monitor={"port": 9_000}))


def test_other_addresses_and_free_ports_may_be_alike(tmp_path: Path) -> None:
    keep_apart(settings(tmp_path, edge={"port": 443, "host": "192.0.2.1"}, web={"port": 443, "host": "192.0.2.2"}))
    keep_apart(settings(tmp_path, edge={"port": 0}, web={"port": 0}, monitor={"port": 0}))


def test_a_listener_that_is_not_opened_is_in_nobodys_way(tmp_path: Path) -> None:
    keep_apart(parse({"webhook_server": {"port": 8025}}, root=tmp_path))
