"""Who does something here: a colleague, a program with a key, a command on this machine, or whoever reaches it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from mailwake.access.roles import NUMBERS, OWNER, REVEAL, may
from mailwake.errors import MailwakeError
from mailwake.store.access import User


class Kind(StrEnum):
    """What sort of actor it is."""

    #: a colleague with a session
    USER = "user"
    #: a program with a key
    KEY = "key"
    #: a command on this machine, which may read the data folder
    COMMAND = "command"
    #: whoever reaches a dashboard that has no accounts
    ANYBODY = "anybody"


class NotAllowed(MailwakeError):
    """Whoever asks may not; somebody with another role may.

    Attributes:
        permission: what is lacking; empty: nobody may.
    """

    def __init__(self, permission: str) -> None:
        lacking = f"it takes {permission}, which your role does not have" if permission else "nobody may"
        super().__init__(f"this is not for you: {lacking}; ask an owner or an admin")
        self.permission = permission


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who does something, and what they may."""

    kind: Kind
    #: as logs and lists name them
    name: str
    permissions: frozenset[str]
    #: of a session or of a key with a maker
    user: User | None = None
    #: of a session: what its forms have to carry
    form_token: str = field(default="", repr=False)
    #: of a session: its hash
    session: bytes = field(default=b"", repr=False)
    #: of a key
    key: str = ""

    def may(self, permission: str) -> bool:
        """Whether they may."""
        return permission in self.permissions

    def need(self, permission: str) -> None:
        """Nothing, if they may.

        Raises:
            NotAllowed: they may not.
        """
        if not self.may(permission):
            raise NotAllowed(permission)

    @property
    def knows_people(self) -> bool:
        """Whether they see addresses; else pseudonyms."""
        return self.may(REVEAL)

    @property
    def sees_the_few(self) -> bool:
        """Whether they see numbers about any group, be it ever so small; else about many alone."""
        return self.may(NUMBERS)

    @property
    def counted_as(self) -> str:
        """What is counted of them is counted under this."""
        return f"{self.kind} {self.key or (self.user.id if self.user else self.name)}"


#: of a dashboard without accounts
ANYBODY = Actor(kind=Kind.ANYBODY, name="dashboard", permissions=may(OWNER))
#: a command of this installation that asks its dashboard
COMMAND = Actor(kind=Kind.COMMAND, name="command line", permissions=may(OWNER))
