"""A value from outside becomes the value of a field, or is refused with the code that the org has for it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date
from typing import Any

from .clock import read_datetime, stamp
from .ids import long_id
from .refusals import Refused, malformed_json
from .schema import Field

#: What the org takes for an address is loose; what it refuses for certain is this.
_EMAIL = re.compile(r"[^\s@<>(),;:\"\[\]\\]+@[^\s@<>(),;:\"\[\]\\]+\.[^\s@.]+\Z")
_Reader = Callable[[Field, Any, bool], Any]
_INT_LIMIT = 2**31 - 1


def coerced(field: Field, value: Any, *, from_text: bool = False) -> Any:
    """The value as it is kept.

    Args:
        field: where it shall stand.
        value: from JSON, or text from a CSV file.
        from_text: whether it came as text, so that numbers and truth values are read from it.

    Raises:
        Refused: a wrong kind, too long, out of range, not in a restricted picklist, no id, no address.
    """
    if value is None or value == "":
        return None
    read: _Reader = _READERS.get(field.type, _text)
    return read(field, value, from_text)


def _text(field: Field, value: Any, from_text: bool) -> str | None:
    if not isinstance(value, str):
        raise malformed_json(f"Cannot deserialize instance of string from {_token(value)} value {value}")
    value = value.strip() if field.type != "textarea" else value.rstrip()
    limit = field.told["length"]
    if limit and len(value) > limit:
        shown = value if len(value) <= 80 else value[:77] + "..."
        raise Refused(
            "STRING_TOO_LONG",
            f"{field.told['label']}: data value too large: {shown} (max length={limit})",
            fields=[field.name],
        )
    return value or None


def _token(value: Any) -> str:
    if isinstance(value, bool):
        return "VALUE_TRUE" if value else "VALUE_FALSE"
    if isinstance(value, int | float):
        return "VALUE_NUMBER_INT" if isinstance(value, int) else "VALUE_NUMBER_FLOAT"
    if isinstance(value, str):
        return "VALUE_STRING"
    return "START_ARRAY" if isinstance(value, list) else "START_OBJECT"


def _wrong(field: Field, value: Any, kind: str) -> Refused:
    return malformed_json(f"Cannot deserialize instance of {kind} from {_token(value)} value {value}")


def _email(field: Field, value: Any, from_text: bool) -> str | None:
    text = _text(field, value, from_text)
    if text and not _EMAIL.match(text):
        raise Refused(
            "INVALID_EMAIL_ADDRESS", f"{field.told['label']}: invalid email address: {text}", fields=[field.name]
        )
    return text.lower() if text else None  # as TestUpsert.test_upsert_complex_external_id_field__rest shows


def _picklist(field: Field, value: Any, from_text: bool) -> str | None:
    text = _text(field, value, from_text)
    if text and field.told["restrictedPicklist"] and text not in field.picklist:
        match = next((each for each in field.picklist if each.casefold() == text.casefold()), None)
        if match is None:
            raise Refused(
                "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
                f"{field.told['label']}: bad value for restricted picklist field: {text}",
                fields=[field.name],
            )
        return match
    return text


def _boolean(field: Field, value: Any, from_text: bool) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false", *(("1", "0") if from_text else ())):
        return value.lower() in ("true", "1")
    raise _wrong(field, value, "boolean")


def _integer(field: Field, value: Any, from_text: bool) -> int:
    try:
        number = int(value) if not isinstance(value, bool | float) else None
    except (TypeError, ValueError):
        number = None
    if number is None:
        raise _wrong(field, value, "int")
    if abs(number) > min(_INT_LIMIT, 10 ** (field.told["digits"] or 10) - 1):
        raise _out_of_range(field, value)
    return number


def _double(field: Field, value: Any, from_text: bool) -> float:
    try:
        number = float(value) if not isinstance(value, bool) else None
    except (TypeError, ValueError):
        number = None
    if number is None or not math.isfinite(number):
        raise _wrong(field, value, "double")
    precision, scale = field.told["precision"], field.told["scale"]
    if precision and abs(number) >= 10 ** max(precision - scale, 0):
        raise _out_of_range(field, value)
    return number


def _out_of_range(field: Field, value: Any) -> Refused:
    return Refused(
        "NUMBER_OUTSIDE_VALID_RANGE",
        f"{field.told['label']}: value outside of valid range on numeric field: {value}",
        fields=[field.name],
    )


def _date(field: Field, value: Any, from_text: bool) -> str:
    text = value[:10] if isinstance(value, str) and read_datetime(value) else value
    try:
        return date.fromisoformat(text).isoformat()
    except (TypeError, ValueError):
        raise _wrong(field, value, "date") from None


def _datetime(field: Field, value: Any, from_text: bool) -> str:
    at = read_datetime(value) if isinstance(value, str) else None
    if at is None:
        raise _wrong(field, value, "datetime")
    return stamp(at)


def _reference(field: Field, value: Any, from_text: bool) -> str:
    found = long_id(value)
    if found is None:
        raise Refused(
            "MALFORMED_ID", f"{field.told['label']}: id value of incorrect type: {value}", fields=[field.name]
        )
    return found


_READERS: dict[str, _Reader] = {
    "email": _email,
    "picklist": _picklist,
    "boolean": _boolean,
    "int": _integer,
    "double": _double,
    "currency": _double,
    "percent": _double,
    "date": _date,
    "datetime": _datetime,
    "reference": _reference,
    "id": _reference,
}
