"""What the tests of this folder share: a way to say how far they are."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Say = Callable[[str], None]


@pytest.fixture
def say(request: pytest.FixtureRequest) -> Say:
    """Print at once, also while pytest captures: a test of minutes must show how far it is."""
    capture = request.config.pluginmanager.getplugin("capturemanager")

    def speak(text: str) -> None:
        if request.node.get_closest_marker("long") is None:
            print(text)
            return
        with capture.global_and_fixture_disabled():
            print(f"  {text}", flush=True)

    return speak
