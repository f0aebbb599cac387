"""What can go wrong, and who has to act.

Five families under one base. Expected outcomes are return values; these are for faults. Every message says what to do,
and the evidence travels as attributes, so that no caller needs to read the text.
"""

from __future__ import annotations


class MailwakeError(Exception):
    """Base of every error that Mailwake raises on purpose."""


class BadInput(MailwakeError):
    """The caller gave something that cannot be used, and has to give something else."""


class Untrusted(MailwakeError):
    """A token or signature does not hold. Nobody acts: refuse and count.

    Attributes:
        reason: a word from a closed set, fit for a counter's label; never any part of the input.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"refused: {reason}")
        self.reason = reason


class Unreadable(MailwakeError):
    """Something arrived that we cannot read yet. The raw bytes are kept for when we can."""


class Unavailable(MailwakeError):
    """A store, server or network is away; trying again may help.

    Attributes:
        retry_after_seconds: when it makes sense to try again.
    """

    def __init__(self, message: str, *, retry_after_seconds: float = 5.0) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class Misconfigured(MailwakeError):
    """The operator has to change an option before this can start.

    Attributes:
        option: the dotted name of the option, as it stands in mailwake.toml.
    """

    def __init__(self, option: str, problem: str) -> None:
        super().__init__(f"{option}: {problem}")
        self.option = option


class NotEnoughData(MailwakeError):
    """A number cannot be computed from what there is. Nothing out of nothing is not 0 %."""
