"""One dashboard with accounts for each test; its stores are those of the page tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.access.house import House, house_over
from tests.web.conftest import stores

from mailwake.insight.stores import Stores

__all__ = ["stores"]


@pytest.fixture
def house(stores: Stores, tmp_path: Path) -> Iterator[House]:
    with house_over(stores, tmp_path) as made:
        yield made
