"""An org to push to."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.pushing.orgs import Place, opened


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with opened(tmp_path) as found:
        yield found
