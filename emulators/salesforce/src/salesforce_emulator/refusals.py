"""What the org answers when it does not do what was asked, in the envelopes of its APIs.

Every code that may be raised stands in `codes.txt`; a test compares the list with the enum of the Metadata WSDL.
"""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """A call, or one row of it, that the org refuses."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int = 400,
        fields: list[str] | None = None,
        more: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status
        self.fields, self.more = fields, more or {}

    def as_call(self) -> list[dict[str, Any]]:
        """The body of a refused call: `fields` is there only where a save was tried (TestUpsert recordings)."""
        told: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        if self.fields is not None:
            told["fields"] = self.fields
        return [told | self.more]

    def as_row(self) -> dict[str, Any]:
        """The error of one row among many, in collections."""
        return {"statusCode": self.code, "message": self.message, "fields": self.fields or []} | self.more


class NotEmulated(Exception):
    """Something that this emulator does not do: answered with 501 and kept, so that a test can fail for it."""


def not_found(message: str = "The requested resource does not exist") -> Refused:
    """What is not there, or not for this user. Source: TestCompositeParallelSalesforce.test_errors."""
    return Refused("NOT_FOUND", message, status=404)


def no_such_column(field: str, sobject: str) -> Refused:
    """A field that does not exist, or that the user may not see: the answer is the same."""
    return Refused("INVALID_FIELD", f"No such column '{field}' on sobject of type {sobject}")


def malformed_json(message: str) -> Refused:
    """A body that is no JSON, or holds a value of a wrong kind."""
    return Refused("JSON_PARSER_ERROR", message)
