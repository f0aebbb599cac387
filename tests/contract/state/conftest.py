"""How a new store is made is tested here: each test makes its own."""

import pytest


@pytest.fixture(autouse=True)
def as_made(made_stores: None) -> None:
    """No copies."""
