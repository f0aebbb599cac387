"""Many cases in one test.

`pytest.mark.parametrize` makes a test of each case, which every worker collects, and which is set up, reported and
counted: with thousands of cases that take less than a millisecond that costs more than the cases. Here they are tried
one after another in one test, all of them, and those that failed are named.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest

_Given = type(pytest.param())
#: a name longer than this says no more
_LONGEST = 80


def every(names: str | tuple[str, ...], cases: Iterable[Any], ids: Any = None) -> Callable[..., Callable[..., None]]:
    """In place of `pytest.mark.parametrize`, for cases that are cheap and need no fixture of their own.

    Args:
        names: of arguments, separated by commas.
        cases: values for them; with several names a tuple each, or `pytest.param` with an id.
        ids: what to call the cases: a name each, or a function of a value.

    Returns:
        What makes one test of a function; it raises what a single case raised, and a group where several did.

    Raises:
        ValueError: there is no case, and a test without one could not fail.
    """
    arguments = tuple(name.strip() for name in names.split(",")) if isinstance(names, str) else names
    given = [_read(case, arguments) for case in cases]
    if not given:
        raise ValueError(f"no case for {names}")
    listed = [None] * len(given) if ids is None or callable(ids) else list(ids)
    called = [own or name or _call(values, ids) for (values, own), name in zip(given, listed, strict=True)]

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(test)
        def tried(*parts: Any, **fixtures: Any) -> None:
            failed: list[tuple[str, BaseException]] = []
            for name, (values, _) in zip(called, given, strict=True):
                try:
                    test(*parts, **fixtures, **values)
                except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001 - whatever it is, it is told
                    error.add_note(f"in the case {name}")
                    failed.append((name, error))
            if len(failed) == 1:
                raise failed[0][1]
            if failed:
                names = ", ".join(name for name, _ in failed)
                raise BaseExceptionGroup(
                    f"{len(failed)} of {len(given)} cases failed: {names}", [error for _, error in failed]
                )

        signature = inspect.signature(test)
        left = [each for name, each in signature.parameters.items() if name not in arguments]
        tried.__signature__ = signature.replace(parameters=left)  # type: ignore[attr-defined]
        return tried

    return decorate


def _read(case: Any, arguments: tuple[str, ...]) -> tuple[Mapping[str, Any], str | None]:
    """Values by name, and what the case calls itself."""
    called = None
    if isinstance(case, _Given):
        case, called = (case.values if len(arguments) > 1 else case.values[0]), case.id
    values = tuple(case) if len(arguments) > 1 else (case,)
    return dict(zip(arguments, values, strict=True)), called if isinstance(called, str) else None


def _call(values: Mapping[str, Any], ids: Any) -> str:
    said = [ids(value) for value in values.values()] if callable(ids) else list(values.values())
    return "-".join(each if isinstance(each, str) else repr(each) for each in said)[:_LONGEST]
