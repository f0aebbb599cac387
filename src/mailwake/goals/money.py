"""Money in whole minor units of one currency: cents, yen, fils. No fraction of a binary number ever touches it."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files

from mailwake.errors import BadInput

#: A million million minor units; whoever sells more with one mail has a mistake in a script.
MOST = 10**12
_AMOUNT = re.compile(r"(?P<whole>\d{1,15})(?:\.(?P<part>\d{1,6}))?")


@cache
def digits() -> dict[str, int]:
    """Currency to the digits of its minor unit."""
    text = files(__package__).joinpath("currencies.toml").read_text(encoding="utf-8")
    return {code: int(count) for count, codes in tomllib.loads(text).items() for code in codes.split()}


def currency_named(text: str) -> str:
    """A currency in capitals.

    Raises:
        BadInput: there is none of this name.
    """
    code = text.strip().upper()
    if code not in digits():
        raise BadInput(f"{text[:20]!r} is no currency; write the three letters of ISO 4217, such as EUR")
    return code


def minor_units(amount: str, currency: str) -> int:
    """An amount such as 19.99 in minor units; exactly, or not at all.

    Args:
        amount: digits, with a full stop before the part.
        currency: as `currency_named` gives it.

    Raises:
        BadInput: it is below zero, no amount, finer than the currency, or beyond what anybody sells.
    """
    text = amount.strip()
    if text.startswith("-"):
        raise BadInput(f"a value of {text[:20]} is below zero; a conversion earns something or nothing")
    found = _AMOUNT.fullmatch(text) if text.isascii() else None
    if found is None:
        raise BadInput(f"{text[:20]!r} is no value; write digits, such as 19.99")
    places, part = digits()[currency], (found["part"] or "").rstrip("0")
    if len(part) > places:
        raise BadInput(f"{text[:20]} has more digits than {currency}, which has {places} after the point")
    minor = int(found["whole"] + part.ljust(places, "0"))
    if minor > MOST:
        raise BadInput(f"a value of {text[:20]} {currency} cannot be meant; the most is {shown(MOST, currency)}")
    return minor


def shown(minor: int, currency: str) -> str:
    """An amount of 0 or more as people read it, such as ``1,234.50 EUR``."""
    places = digits().get(currency, 0)
    whole, part = divmod(minor, 10**places)
    return f"{whole:,}{f'.{part:0{places}}' if places else ''} {currency}"
