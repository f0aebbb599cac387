from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.insight import seeding

from mailwake.insight.stores import Stores


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    """Ten people who were sent one campaign, see `seeding.by_hand`."""
    opened = seeding.open_stores(tmp_path)
    seeding.by_hand(opened, "By hand")
    yield opened
    seeding.close(opened)
