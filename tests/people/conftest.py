from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.insight import seeding

from mailwake.insight.stores import Stores


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    """Empty stores."""
    opened = seeding.open_stores(tmp_path)
    yield opened
    seeding.close(opened)
