"""Log-in by somebody whom a provider of identities vouches for; who the provider is, another room knows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from mailwake.access.accounts import Accounts, Arrival, SignedIn
from mailwake.access.actors import COMMAND, NotAllowed
from mailwake.access.roles import OWNER, role_named
from mailwake.store.access import User


class Identity(Protocol):
    """What a provider vouches for."""

    @property
    def issuer(self) -> str:
        """Of the provider."""
        ...

    @property
    def subject(self) -> str:
        """Who it is, for good; never an address."""
        ...

    @property
    def email(self) -> str:
        """Their address; empty: not told."""
        ...

    @property
    def email_verified(self) -> bool:
        """Whether the provider knows that it is theirs."""
        ...

    @property
    def groups(self) -> Collection[str]:
        """Of which they are a member."""
        ...


@dataclass(frozen=True, kw_only=True)
class Joining:
    """Who may come in, and as what."""

    #: group of the provider to a role; the first that fits holds
    roles: Mapping[str, str] = field(default_factory=dict)
    #: of whoever has an address that is vouched for and is in no such group; empty: only who is invited comes in
    otherwise: str = ""


def sign_in_identity(accounts: Accounts, identity: Identity, joining: Joining, arrival: Arrival) -> SignedIn:
    """Let somebody in whom a provider vouches for.

    They are known by issuer and subject for good. An account that was made for their verified address and has neither
    a password nor another identity becomes theirs the first time. A role that follows from a group is given again at
    each log-in.

    Raises:
        NotAllowed: they are neither known nor invited, and nothing lets others in.
    """
    role = next((role_named(role) for group, role in joining.roles.items() if group in identity.groups), "")
    user = accounts.store.user_known_as(identity.issuer, identity.subject) or _invited(accounts, identity)
    if user is None:
        user = _joined(accounts, identity, role or joining.otherwise)
    elif role and role != user.role:
        accounts.store.change_role(user.id, role, last=OWNER, provider=identity.issuer)  # the only owner stays one
        user = accounts.store.user(user.id) or user
    return accounts.begin(user, identity.issuer, arrival)


def _invited(accounts: Accounts, identity: Identity) -> User | None:
    if not (identity.email and identity.email_verified):
        return None
    user = accounts.store.user_named(identity.email)
    if user is None or user.password is not None or user.subject is not None:
        return None
    accounts.store.change_user(user.id, issuer=identity.issuer, subject=identity.subject)
    return user


def _joined(accounts: Accounts, identity: Identity, role: str) -> User:
    if not (role and identity.email and identity.email_verified):
        raise NotAllowed("")
    made = accounts.add(identity.email, role, password=None, must_change=False, by=COMMAND)
    accounts.store.change_user(made.id, issuer=identity.issuer, subject=identity.subject)
    return made
