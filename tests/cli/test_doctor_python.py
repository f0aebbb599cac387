"""A Python that strangers could keep busy is named, with the release that mended it."""

import pytest

from mailwake.cli.doctor.python import check_python


@pytest.mark.parametrize(("version", "better"), [((3, 11, 7), "3.11.15"), ((3, 13, 11), "3.13.12")])
def test_an_interpreter_with_known_weaknesses_is_named_with_the_one_to_take(
    version: tuple[int, int, int], better: str
) -> None:
    found = check_python(version)
    assert (found.check, found.state) == ("python", "warning")
    assert better in found.line


@pytest.mark.parametrize("version", [(3, 11, 15), (3, 14, 9), (3, 15, 0)])
def test_a_mended_or_a_later_one_is_fine(version: tuple[int, int, int]) -> None:
    assert check_python(version).state == "ok"
