"""Many cases in one test.

`pytest.mark.parametrize` makes a test of each case, which every worker collects, and which is set up, reported and
counted: with thousands of cases that take less than a millisecond that costs more than the cases. Here they are tried
one after another in one test, all of them, and those that failed are named.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

_Given = type(pytest.param())
#: a name longer than this says no more
_LONGEST = 80


def every(names: str | tuple[str, ...], cases: Iterable[Any], ids: Any = None) -> Callable[..., Callable[..., None]]:
    """In place of `pytest.mark.parametrize`, for cases that are cheap and need no fixture of their own.

    Args:
        names: of arguments, separated by commas.
        cases: values for them; with several names a tuple each, or `pytest.param` with an id. Those that it marks as
            long are tried in a second test, which is long; nothing else can be marked.
        ids: what to call the cases: a name each, or a function of a value.

    Returns:
        What makes one test of a function; it raises what a single case raised, and a group where several did.

    Raises:
        ValueError: there is no case, and a test without one could not fail; or a case has another mark.
    """
    arguments = tuple(name.strip() for name in names.split(",")) if isinstance(names, str) else names
    given = [_read(case, arguments) for case in cases]
    if not given:
        raise ValueError(f"no case for {names}")
    listed = [None] * len(given) if ids is None or callable(ids) else list(ids)
    called = [
        _Called(own or name or _call(values, ids), values, is_long)
        for (values, own, is_long), name in zip(given, listed, strict=True)
    ]
    splits = len({case.is_long for case in called}) > 1
    at_length = f"{arguments[0]}_at_length"

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(test)
        def tried(*parts: Any, **fixtures: Any) -> None:
            is_long = fixtures.pop(at_length) if splits else None
            some = [case for case in called if is_long in (None, case.is_long)]
            _try(some, lambda values: test(*parts, **fixtures, **values))

        signature = inspect.signature(test)
        left = [each for name, each in signature.parameters.items() if name not in arguments]
        if splits:
            left.append(inspect.Parameter(at_length, inspect.Parameter.KEYWORD_ONLY))
        tried.__signature__ = signature.replace(parameters=left)  # type: ignore[attr-defined]
        if splits:
            both = [pytest.param(False, id="cases"), pytest.param(True, id="more", marks=pytest.mark.long)]
            tried = pytest.mark.parametrize(at_length, both)(tried)
        elif called[0].is_long:
            tried = pytest.mark.long(tried)
        return tried

    return decorate


@dataclass(frozen=True)
class _Called:
    """A case by its name."""

    name: str
    values: Mapping[str, Any]
    is_long: bool


def _try(cases: Sequence[_Called], test: Callable[[Mapping[str, Any]], None]) -> None:
    """All of them, whichever fail."""
    failed: list[tuple[str, BaseException]] = []
    for case in cases:
        try:
            test(case.values)
        except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001 - whatever it is, it is told
            error.add_note(f"in the case {case.name}")
            failed.append((case.name, error))
    if len(failed) == 1:
        raise failed[0][1]
    if failed:
        names = ", ".join(name for name, _ in failed)
        raise BaseExceptionGroup(f"{len(failed)} of {len(cases)} cases failed: {names}", [error for _, error in failed])


def _read(case: Any, arguments: tuple[str, ...]) -> tuple[Mapping[str, Any], str | None, bool]:
    """Values by name, what the case calls itself, and whether it is long."""
    called, is_long = None, False
    if isinstance(case, _Given):
        if [mark for mark in case.marks if mark.name != "long"]:
            raise ValueError(f"{case} has a mark that has no effect here")
        is_long, called = bool(case.marks), case.id
        case = case.values if len(arguments) > 1 else case.values[0]
    values = tuple(case) if len(arguments) > 1 else (case,)
    return dict(zip(arguments, values, strict=True)), called if isinstance(called, str) else None, is_long


def _call(values: Mapping[str, Any], ids: Any) -> str:
    said = [ids(value) for value in values.values()] if callable(ids) else list(values.values())
    return "-".join(each if isinstance(each, str) else repr(each) for each in said)[:_LONGEST]
