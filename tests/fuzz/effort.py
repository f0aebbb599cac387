"""How hard to try: a little in every run, a lot in `make test-long`. What was found once is tried first, each time."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


def effort(quick: int, thorough: int) -> pytest.MarkDecorator:
    """Run a test with so many examples; it takes their number as `examples`."""
    long = pytest.param(thorough, id="thorough", marks=pytest.mark.long)
    return pytest.mark.parametrize("examples", [pytest.param(quick, id="quick"), long])


def try_all(check: Callable[[Any], None], inputs: st.SearchStrategy[Any], examples: int) -> None:
    """Call `check` with so many inputs; it fails with the smallest that breaks it."""
    patient = settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    patient(given(inputs)(check))()
