"""Accounts: who may make, change and remove them, passwords, limits, and log-in by somebody who vouches."""

from dataclasses import dataclass, field

import pytest
from tests.access.house import PASSWORD, ROLES, House
from tests.every import every

from mailwake.access import passwords
from mailwake.access.accounts import Accounts, Arrival
from mailwake.access.actors import COMMAND, Actor, Kind, NotAllowed
from mailwake.access.identities import Joining, sign_in_identity
from mailwake.access.limits import Limit, TooOften
from mailwake.access.roles import may
from mailwake.errors import BadInput
from mailwake.store.access import User

ISSUER = "https://login.example"


@dataclass(frozen=True)
class Vouched:
    """As a provider tells it."""

    subject: str = "1234"
    email: str = "ann@office.example"
    email_verified: bool = True
    groups: tuple[str, ...] = ()
    issuer: str = field(default=ISSUER)


@pytest.fixture
def accounts(house: House) -> Accounts:
    house.user("owner", "first")
    return house.gate.accounts


def acting(role: str) -> Actor:
    return Actor(kind=Kind.USER, name=role, permissions=may(role))


# Passwords


@pytest.mark.usefixtures("dear_passwords")
def test_a_password_is_kept_as_argon2id_with_64_mib() -> None:
    kept = passwords.hashed(PASSWORD)
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=1$")
    assert passwords.fits(PASSWORD, kept)
    assert not passwords.fits(PASSWORD + "x", kept)
    assert not passwords.fits(PASSWORD, None)
    assert not passwords.fits(PASSWORD, "no hash at all")


@every("text", ["", "short", "aaaaaaaaaaaaaaaa", "ababababababab", "mailwake-rules", "x" * 1_001])
def test_a_password_that_anybody_would_try_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        passwords.chosen(text, "ann")


def test_a_password_is_not_the_name() -> None:
    with pytest.raises(BadInput):
        passwords.chosen("Ann@office.example", "ann@office.example")


def test_invented_passwords_may_be_used_and_differ() -> None:
    found = {passwords.invented() for _ in range(50)}
    assert len(found) == 50
    assert all(passwords.chosen(each, "ann") for each in found)


@pytest.mark.usefixtures("dear_passwords")
@pytest.mark.long
def test_a_hash_with_weaker_parameters_is_made_anew_at_the_next_log_in(house: House, accounts: Accounts) -> None:
    from argon2 import PasswordHasher

    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    vic = house.user("viewer", "vic")
    house.store.change_user(vic.id, password=weak)
    accounts.sign_in("vic", PASSWORD, Arrival())
    kept = house.store.user(vic.id)
    assert kept is not None
    assert kept.password is not None
    assert "m=65536" in kept.password


# Limits


def test_a_limit_counts_each_apart_and_forgets_by_time() -> None:
    now = [0.0]
    limit = Limit(2, 60.0, clock=lambda: now[0], what="tries")
    limit.take("a")
    now[0] = 30.0
    limit.take("a")
    limit.take("b")
    with pytest.raises(TooOften) as fault:
        limit.take("a")
    assert fault.value.retry_after_seconds == 30
    now[0] = 60.0
    limit.take("a")
    with pytest.raises(TooOften):
        limit.take("a")


# Who may do what to whom


def test_the_first_account_is_an_owners(house: House) -> None:
    with pytest.raises(BadInput, match="first account has to be an owner"):
        house.gate.accounts.add("vic", "viewer", password=PASSWORD, must_change=False, by=COMMAND)
    assert not house.store.has_users()


@pytest.mark.parametrize("name", ["", " ", "a b", "x" * 201, "a\nb", "\x1b[0m"])
def test_a_name_that_cannot_be_is_refused(accounts: Accounts, name: str) -> None:
    with pytest.raises(BadInput):
        accounts.add(name, "viewer", password=PASSWORD, must_change=False, by=COMMAND)


def test_a_name_is_taken_whatever_its_case(accounts: Accounts) -> None:
    with pytest.raises(BadInput, match="already"):
        accounts.add("FIRST", "viewer", password=PASSWORD, must_change=False, by=COMMAND)


@pytest.mark.parametrize("role", [role for role in ROLES if role not in ("owner", "admin")])
def test_only_owners_and_admins_touch_accounts(house: House, accounts: Accounts, role: str) -> None:
    vic, by = house.user("viewer", "vic"), acting(role)
    for act in (
        lambda: accounts.add("new", "viewer", password=PASSWORD, must_change=False, by=by),
        lambda: accounts.change_role(by, vic, "owner"),
        lambda: accounts.set_password(by, vic, PASSWORD, must_change=False),
        lambda: accounts.remove(by, vic),
        lambda: accounts.end_sessions(by, vic),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert [user.name for user in house.store.users()] == ["first", "vic"]


def test_an_admin_makes_no_owner_and_touches_none(house: House, accounts: Accounts) -> None:
    admin, owner, vic = acting("admin"), accounts.named("first"), house.user("viewer", "vic")
    for act in (
        lambda: accounts.add("new", "owner", password=PASSWORD, must_change=False, by=admin),
        lambda: accounts.change_role(admin, vic, "owner"),
        lambda: accounts.change_role(admin, owner, "viewer"),
        lambda: accounts.set_password(admin, owner, PASSWORD, must_change=False),
        lambda: accounts.remove(admin, owner),
    ):
        with pytest.raises(NotAllowed):
            act()
    accounts.change_role(admin, vic, "admin")
    assert ("user.role", "denied") in house.notes.said()


def test_the_only_owner_stays(house: House, accounts: Accounts) -> None:
    owner = accounts.named("first")
    with pytest.raises(BadInput, match="only owner"):
        accounts.change_role(COMMAND, owner, "admin")
    with pytest.raises(BadInput, match="only owner"):
        accounts.remove(COMMAND, owner)
    house.user("owner", "second")
    accounts.remove(COMMAND, owner)
    assert [user.name for user in house.store.users()] == ["second"]


OURS, FORMER = "https://login.example.com", "https://former.example.com"


def invited(house: House, accounts: Accounts, issuer: str | None) -> User:
    made = accounts.add("ann@office.example", "owner", password=None, must_change=False, by=COMMAND)
    house.store.change_user(made.id, issuer=issuer, subject=issuer)
    return made


@pytest.mark.parametrize(("provider", "issuer"), [("", None), ("", OURS), (OURS, FORMER)])
def test_an_owner_who_cannot_log_in_is_none_to_leave_it_to(
    house: House, accounts: Accounts, provider: str, issuer: str | None
) -> None:
    accounts.provider = provider
    owner, other = accounts.named("first"), invited(house, accounts, issuer)
    with pytest.raises(BadInput, match="only owner who can log in"):
        accounts.change_role(COMMAND, owner, "viewer")
    with pytest.raises(BadInput, match="only owner who can log in"):
        accounts.remove(COMMAND, owner)
    accounts.remove(COMMAND, other)


@pytest.mark.parametrize("issuer", [None, OURS])
def test_an_owner_whom_the_provider_vouches_for_is_one(house: House, accounts: Accounts, issuer: str | None) -> None:
    accounts.provider = OURS
    other = invited(house, accounts, issuer)
    accounts.change_role(COMMAND, accounts.named("first"), "viewer")
    with pytest.raises(BadInput, match="only owner who can log in"):
        accounts.remove(COMMAND, other)


# Whom a provider vouches for


def test_who_was_invited_comes_in_by_a_verified_address_and_is_known_by_subject_then(
    house: House, accounts: Accounts
) -> None:
    accounts.add("Ann@office.example", "editor", password=None, must_change=False, by=COMMAND)
    first = sign_in_identity(accounts, Vouched(), Joining(), Arrival())
    again = sign_in_identity(accounts, Vouched(email="married@office.example"), Joining(), Arrival())
    assert first.user.id == again.user.id
    assert house.browser(again.token).get("/suppressions").status_code == 200


@pytest.mark.parametrize(
    "told",
    [Vouched(email_verified=False), Vouched(email="eve@office.example"), Vouched(email="")],
    ids=["nobody vouches for the address", "not invited", "no address"],
)
def test_who_is_not_invited_does_not_come_in(house: House, accounts: Accounts, told: Vouched) -> None:
    accounts.add("ann@office.example", "editor", password=None, must_change=False, by=COMMAND)
    with pytest.raises(NotAllowed):
        sign_in_identity(accounts, told, Joining(), Arrival())
    assert house.store.sessions() == []


def test_another_subject_with_the_same_address_does_not_come_in(accounts: Accounts) -> None:
    """AT-65: an address that was given to somebody else opens nothing of whoever had it before."""
    accounts.add("ann@office.example", "editor", password=None, must_change=False, by=COMMAND)
    sign_in_identity(accounts, Vouched(), Joining(), Arrival())
    with pytest.raises((NotAllowed, BadInput)):
        sign_in_identity(accounts, Vouched(subject="other"), Joining(otherwise="viewer"), Arrival())


def test_an_account_with_a_password_is_taken_over_by_nobody(house: House, accounts: Accounts) -> None:
    house.user("owner", "ann@office.example")
    with pytest.raises((NotAllowed, BadInput)):
        sign_in_identity(accounts, Vouched(), Joining(otherwise="viewer"), Arrival())
    assert house.store.sessions() == []


def test_groups_give_roles_at_each_log_in(accounts: Accounts) -> None:
    joining = Joining(roles={"marketing": "editor", "everybody": "aggregates"})
    first = sign_in_identity(accounts, Vouched(groups=("everybody", "marketing")), joining, Arrival())
    assert first.user.role == "editor"
    again = sign_in_identity(accounts, Vouched(groups=("everybody",)), joining, Arrival())
    assert (again.user.id, again.user.role) == (first.user.id, "aggregates")
    assert accounts.known(first.token) is None
    assert accounts.known(again.token) is not None


def test_whoever_has_a_verified_address_joins_where_that_is_wanted(accounts: Accounts) -> None:
    made = sign_in_identity(accounts, Vouched(), Joining(otherwise="viewer"), Arrival()).user
    assert (made.name, made.role, made.password) == ("ann@office.example", "viewer", None)
    with pytest.raises(NotAllowed):
        sign_in_identity(accounts, Vouched(subject="2", email="b@x.example", email_verified=False),
                         Joining(otherwise="viewer"), Arrival())  # fmt: skip
