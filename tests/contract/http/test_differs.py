"""The table of differences names tests that exist, and never our own server."""

from tests.contract.http.differs import DIFFERS, TABLE, promises
from tests.contract.http.engines import ENGINES


def test_our_own_server_has_no_row() -> None:
    assert set(TABLE) == set(ENGINES) - {"own"}


def test_every_row_is_about_a_promise_of_the_suite() -> None:
    assert {promise for table in TABLE.values() for promise in table} <= set(promises())


def test_there_is_something_to_show() -> None:
    assert sum(promises().values()) > 250
    assert len(DIFFERS) > 50
