"""Accounts of colleagues: who lets them in, with what, for how long, and who may change that.

A session is 256 random bits that only the browser has; what is kept is their hash. It ends after twelve hours in which
nothing was done, after seven days, at log-out, with another role, and with another password.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from mailwake.access import passwords, second
from mailwake.access.actors import Actor, Kind, NotAllowed
from mailwake.access.limits import Limit, TooOften
from mailwake.access.recording import Recorder
from mailwake.access.roles import OWNER, may, role_named
from mailwake.errors import BadInput
from mailwake.events import SECOND, Micros
from mailwake.store.access import AccessStore, Session, User

IDLE, LONGEST = Micros(12 * 3_600 * SECOND), Micros(7 * 86_400 * SECOND)
#: a session that was used this lately is not noted again
_NOTE_AFTER = 60 * SECOND
_MAX_NAME, _MAX_AGENT = 200, 200
#: in a minute: from one address for one account, and from one address for all
TRIES, TRIES_IN_ALL = 5, 30
#: codes tried for one account in ten minutes, from wherever: a million there are, and three fit
TRIES_OF_CODES = 10


class WrongPassword(BadInput):
    """Name, password and code do not belong together; nobody is told which of them is wrong."""

    def __init__(self) -> None:
        super().__init__("name, password and code do not belong together; try again")


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """From where somebody logs in."""

    #: address of the browser, as far as it is known
    peer: str = ""
    #: what the browser says of itself
    agent: str = ""
    #: cookie that it shows already; its session ends with the new one
    cookie: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True)
class SignedIn:
    """Somebody has come in."""

    #: for the cookie; kept nowhere here
    token: str = field(repr=False)
    user: User


class Accounts:
    """The accounts of an installation.

    Args:
        store: where they are kept.
        recorder: takes down what is done.
        wall: microseconds since 1970.
        clock: seconds that only ever grow.
        provider: issuer of the identities that are let in; empty: passwords alone let anybody in.
    """

    def __init__(
        self,
        store: AccessStore,
        recorder: Recorder,
        *,
        wall: Callable[[], int],
        clock: Callable[[], float],
        provider: str = "",
    ) -> None:
        self.store, self.recorder, self.provider = store, recorder, provider
        self._wall = wall
        self._tries = Limit(TRIES, 60.0, clock=clock, what="log-ins to one account")
        self._tries_in_all = Limit(TRIES_IN_ALL, 60.0, clock=clock, what="log-ins")
        self._codes = Limit(TRIES_OF_CODES, 600.0, clock=clock, what="codes")

    def now(self) -> Micros:
        """The time."""
        return Micros(self._wall())

    # Letting in

    def sign_in(self, name: str, password: str, arrival: Arrival, code: str = "") -> SignedIn:
        """Let somebody in by a password; the work is the same whether there is such an account or not.

        Args:
            name: as they type it.
            password: the same.
            arrival: from where.
            code: of their second factor, where the account has one.

        Raises:
            WrongPassword: it is not theirs.
            TooOften: too many tries.
            Unavailable: too many at once.
        """
        self._tries_in_all.take(arrival.peer)
        self._tries.take((arrival.peer, hashlib.sha256(name.strip().casefold().encode()).digest()))
        user = self.store.user_named(name[:_MAX_NAME])
        if not passwords.fits(password, None if user is None else user.password) or user is None:
            self._failed(user)
            raise WrongPassword
        self._need_code(user, code)
        if user.password is not None and passwords.is_old(user.password):
            self.store.change_user(user.id, password=passwords.hashed(password))
        return self.begin(user, "password and code" if user.second else "password", arrival)

    def begin(self, user: User, how: str, arrival: Arrival) -> SignedIn:
        """A new session for somebody whom somebody vouched for; what the browser showed before is worth nothing."""
        token, now = secrets.token_urlsafe(32), self.now()
        made = Session(
            hash=session_hash(token), user=user.id, made_at=now, seen_at=now, how=how, agent=arrival.agent[:_MAX_AGENT]
        )
        instead = session_hash(arrival.cookie) if arrival.cookie else None
        self.store.add_session(made, instead=instead, before=Micros(now - LONGEST))
        self.store.change_user(user.id, seen_at=now)
        self._note(actor_of(user, token), "session.begin", user)
        return SignedIn(token=token, user=user)

    def known(self, token: str) -> Actor | None:
        """Whose session a cookie is of; None: nobody's any more."""
        session, now = self.store.session(session_hash(token)), self.now()
        if session is None or not self.lasts(session):
            return None
        user = self.store.user(session.user)
        if user is None:
            return None
        if now - session.seen_at >= _NOTE_AFTER:
            self.store.touch_session(session.hash, now)
        return actor_of(user, token)

    def lasts(self, session: Session) -> bool:
        """Whether a session still holds. One from the future, after the clock was put back, holds by its length."""
        now = self.now()
        return now - session.seen_at < IDLE and abs(now - session.made_at) < LONGEST

    def sign_out(self, actor: Actor) -> None:
        """End the session that somebody shows."""
        self.store.end_session(actor.session)
        self._note(actor, "session.end", actor.user)

    # Changing

    def add(self, name: str, role: str, *, password: str | None, must_change: bool, by: Actor) -> User:
        """Make an account.

        Args:
            name: what they type to log in, an e-mail address or a word.
            role: of them.
            password: None: they come in by a provider of identities that vouches for the address `name`.
            must_change: whoever makes the account knows the password.
            by: who makes it.

        Raises:
            BadInput: the name is taken or cannot be, or the password is too easy.
            NotAllowed: the role may more than whoever gives it.
        """
        by.need("users:admin")
        self._may_give(by, role_named(role))
        if role != OWNER and not self.store.has_users():
            raise BadInput("the first account has to be an owner's, or nobody could let anybody in")
        plain = name.strip()
        if not plain or len(plain) > _MAX_NAME or not plain.isprintable() or any(each.isspace() for each in plain):
            raise BadInput(f"a name has 1 to {_MAX_NAME} characters and no blanks; an e-mail address is a good one")
        kept = None if password is None else passwords.hashed(passwords.chosen(password, plain))
        made = self.store.add_user(
            name=plain,
            role=role,
            password=kept,
            must_change=must_change,
            issuer=None,
            subject=None,
            created_at=self.now(),
            made_by=by.name,
        )
        self._note(by, "user.add", made, after={"role": role})
        return made

    def change_own_password(self, actor: Actor, old: str, new: str, arrival: Arrival) -> SignedIn:
        """Another password for whoever knows the old one; all their sessions end, and a new one begins.

        Raises:
            WrongPassword: `old` is not theirs.
            BadInput: the new one is too easy, or the old one.
            TooOften: too many tries.
        """
        if actor.user is None:
            raise NotAllowed("")
        self._tries.take((arrival.peer, actor.user.id))
        if not passwords.fits(old, actor.user.password):
            self._failed(actor.user)
            raise WrongPassword
        if old == new:
            raise BadInput("the new password is the old one; choose another one")
        self.set_password(actor, actor.user, new, must_change=False)
        return self.begin(actor.user, "password", arrival)

    def begin_second(self, actor: Actor, secret: str, *, password: str, code: str, arrival: Arrival) -> None:
        """Ask whoever knows the password for a code too, from now on; all their other sessions end.

        Args:
            actor: who wants it.
            secret: that their app has taken.
            password: theirs.
            code: which shows that the app has it.
            arrival: from where.

        Raises:
            WrongPassword: `password` is not theirs, or `code` is none of the secret.
            BadInput: there is a second factor already.
            TooOften: too many tries.
        """
        user = self._again(actor, password, arrival)
        if user.second:
            raise BadInput("there is a second factor already; switch it off first")
        step = second.step_of(secret, code, self.now() / SECOND) if second.is_secret(secret) else None
        if step is None:
            self._failed(user)
            raise WrongPassword
        self.store.change_user(user.id, second=secret)
        self.store.take_step(user.id, step)
        self.store.end_sessions(user.id, but=actor.session)
        self._note(actor, "user.second", user, after={"second": "on"})

    def end_own_second(self, actor: Actor, *, password: str, code: str, arrival: Arrival) -> None:
        """Ask for no code any more, where somebody shows password and code once again.

        Raises:
            WrongPassword: one of them is not theirs.
            TooOften: too many tries.
        """
        user = self._again(actor, password, arrival)
        self._need_code(user, code)
        self.end_second(actor, user)

    def end_second(self, by: Actor, user: User) -> None:
        """Ask for no code of an account any more: whose phone is lost.

        Raises:
            NotAllowed: the account may more than whoever changes it.
        """
        if by.user is None or by.user.id != user.id:
            by.need("users:admin")
            self._may_give(by, user.role)
        self.store.change_user(user.id, second=None)
        self._note(by, "user.second", user, after={"second": "off"})

    def _again(self, actor: Actor, password: str, arrival: Arrival) -> User:
        """The account of somebody who is logged in, once they have shown its password again."""
        if actor.user is None:
            raise NotAllowed("")
        self._tries.take((arrival.peer, actor.user.id))
        user = self.store.user(actor.user.id)
        if user is None or not passwords.fits(password, user.password):
            self._failed(actor.user)
            raise WrongPassword
        return user

    def _need_code(self, user: User, code: str) -> None:
        """Let nobody go on whose account has a second factor without a code of now; each is taken once."""
        if user.second is None:
            return
        try:
            self._codes.take(user.id)
        except TooOften:
            step = None
        else:
            step = second.step_of(user.second, code, self.now() / SECOND)
        if step is None or not self.store.take_step(user.id, step):
            self._failed(user)
            raise WrongPassword

    def set_password(self, by: Actor, user: User, password: str, *, must_change: bool) -> None:
        """Give an account a password; all its sessions end.

        Raises:
            BadInput: it is too easy.
            NotAllowed: the account may more than whoever changes it.
        """
        if by.user is None or by.user.id != user.id:
            by.need("users:admin")
            self._may_give(by, user.role)
        kept = passwords.hashed(passwords.chosen(password, user.name))
        self.store.change_user(user.id, password=kept, must_change=must_change)
        self.store.end_sessions(user.id)
        self._note(by, "user.password", user)

    def change_role(self, by: Actor, user: User, role: str) -> None:
        """Give an account another role; its sessions end, and its keys may no more than it may.

        Raises:
            BadInput: there is no such role, or no other owner can log in.
            NotAllowed: the role, or the account, may more than whoever changes it.
        """
        by.need("users:admin")
        self._may_give(by, role_named(role))
        self._may_give(by, user.role)
        if not self.store.change_role(user.id, role, last=OWNER, provider=self.provider):
            raise BadInput(f"{user.name} is the only owner who can log in; make another one first")
        self._note(by, "user.role", user, before={"role": user.role}, after={"role": role})

    def remove(self, by: Actor, user: User) -> None:
        """Forget an account; its sessions end, and its keys are revoked.

        Raises:
            BadInput: no other owner can log in.
            NotAllowed: the account may more than whoever removes it.
        """
        by.need("users:admin")
        self._may_give(by, user.role)
        if not self.store.remove_user(user.id, last=OWNER, at=self.now(), by=by.name, provider=self.provider):
            raise BadInput(f"{user.name} is the only owner who can log in; make another one first")
        self._note(by, "user.remove", user, before={"role": user.role})

    def end_sessions(self, by: Actor, user: User) -> int:
        """End all sessions of an account; how many there were.

        Raises:
            NotAllowed: it is not one's own.
        """
        if by.user is None or by.user.id != user.id:
            by.need("users:admin")
        count = self.store.end_sessions(user.id)
        self._note(by, "session.end", user)
        return count

    def end_one(self, by: Actor, session: Session) -> None:
        """End one session.

        Raises:
            NotAllowed: it is not one's own.
        """
        if by.user is None or by.user.id != session.user:
            by.need("users:admin")
        self.store.end_session(session.hash)
        self.recorder.record(actor=by, action="session.end", object=f"user {session.user}", outcome="ok", at=self.now())

    def named(self, name: str) -> User:
        """The account of this name.

        Raises:
            BadInput: there is none.
        """
        found = self.store.user_named(name)
        if found is None:
            raise BadInput(f"there is no user {name[:100]!r}; `mailwake users list` shows all")
        return found

    def _may_give(self, by: Actor, role: str) -> None:
        lacking = sorted(may(role) - by.permissions)
        if lacking:
            self.recorder.record(actor=by, action="user.role", object=f"role {role}", outcome="denied", at=self.now())
            raise NotAllowed(lacking[0])

    def _failed(self, user: User | None) -> None:
        nobody = Actor(kind=Kind.USER, name="somebody", permissions=frozenset())
        told = "user" if user is None else f"user {user.id}"
        self.recorder.record(actor=nobody, action="session.begin", object=told, outcome="failed", at=self.now())

    def _note(
        self,
        actor: Actor,
        action: str,
        user: User | None,
        *,
        before: dict[str, str] | None = None,
        after: dict[str, str] | None = None,
    ) -> None:
        told = "user" if user is None else f"user {user.id}"
        self.recorder.record(
            actor=actor, action=action, object=told, outcome="ok", before=before, after=after, at=self.now()
        )


def session_hash(token: str) -> bytes:
    """A session as it is kept: 32 bytes."""
    return hashlib.sha256(token.encode()).digest()


def actor_of(user: User, token: str) -> Actor:
    """A colleague with a session."""
    return Actor(
        kind=Kind.USER,
        name=user.name,
        permissions=may(user.role),
        user=user,
        session=session_hash(token),
        form_token=hashlib.blake2b(b"form", key=token.encode()[:64], digest_size=16).hexdigest(),
    )
