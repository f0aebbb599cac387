"""What the tables of who may use the dashboard hold, as objects. Secrets never show in their texts."""

from __future__ import annotations

from dataclasses import dataclass, field

from mailwake.events import Micros


@dataclass(frozen=True, kw_only=True, slots=True)
class User:
    """A colleague."""

    id: int
    #: what they type to log in
    name: str
    role: str
    #: Argon2id in PHC form; None: none
    password: str | None = field(repr=False)
    #: whoever gave the password knows it
    must_change: bool
    #: who a provider of identities says they are; None: none was asked yet
    issuer: str | None
    subject: str | None
    created_at: Micros
    made_by: str
    #: when they last did something; None: never
    seen_at: Micros | None
    #: secret of the second factor, base32; None: no code is asked for
    second: str | None = field(default=None, repr=False)
    #: step of time of the last code that was taken
    second_step: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """A browser that is logged in."""

    #: SHA-256 of what its cookie says
    hash: bytes = field(repr=False)
    user: int
    made_at: Micros
    seen_at: Micros
    #: password, password and code, or the issuer
    how: str
    #: what the browser says of itself
    agent: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """What a program shows instead of a password."""

    #: eight letters and digits, no secret
    id: str
    #: SHA-256 of the whole key
    hash: bytes = field(repr=False)
    #: what it is for, such as live or test; stands in the key as well
    env: str
    name: str
    #: whose rights it never exceeds; None: it was made at the command line
    user: int | None
    #: permissions that it was given
    scopes: tuple[str, ...]
    #: it is taken from these alone; empty: from anywhere
    networks: tuple[str, ...]
    created_at: Micros
    made_by: str
    expires_at: Micros
    used_at: Micros | None = None
    revoked_at: Micros | None = None
    revoked_by: str | None = None
    #: id of the key that takes its place
    next: str | None = None
