"""What an event says of itself, scoped by what was fetched."""

from typing import Any

import pytest
from tests.every import every
from tests.judge.world import APPLE, GMAIL, NOTHING, PERSON, clicked, rules

from mailwake.events import AgentKind, Flag, NetworkKind
from mailwake.judge.families.own import Own, weigh
from mailwake.judge.rules import Scope


def own(scope: Scope, **facts: Any) -> Own:
    return weigh(rules(), clicked(1, 0, **facts), scope)


def weight(scope: Scope, **facts: Any) -> float:
    return sum(rules().weights[scope].get(cell.name, 0.0) for cell in own(scope, **facts).cells)


def names(scope: Scope, **facts: Any) -> set[str]:
    return {cell.name for cell in own(scope, **facts).cells}


def test_nothing_known_says_nothing() -> None:
    found = own(Scope.CLICK, **NOTHING)
    assert found.cells == ()
    assert (found.group, found.looks) == ("withheld", "withheld")


def test_a_person_at_home_looks_whole() -> None:
    found = own(Scope.CLICK, **PERSON)
    assert (found.group, found.looks) == ("consumer", "good")


@every(
    "facts",
    [
        {"agent_kind": AgentKind.DECLARED_BOT, "agent": 1},
        {"agent_kind": AgentKind.LIBRARY, "agent": 1},
        {"agent_kind": AgentKind.EMPTY},
        {"flags": Flag.HEAD},
        {"flags": Flag.PREFETCH},
        {"flags": Flag.HINT_MISMATCH},
        {"flags": Flag.NO_ACCEPT_LANGUAGE},
        {"flags": Flag.NO_SEC_FETCH},
        {"network_kind": NetworkKind.SCANNER},
    ],
)
def test_what_speaks_for_a_machine(facts: dict[str, Any]) -> None:
    assert weight(Scope.CLICK, **facts) < 0


@pytest.mark.parametrize("flags", [Flag.ACCEPT_LANGUAGE, Flag.SEC_FETCH])
def test_what_browsers_send_speaks_for_a_person(flags: Flag) -> None:
    assert weight(Scope.CLICK, flags=flags) > 0


def test_microsoft_speaks_against_clicks_more_than_against_opens() -> None:
    facts = PERSON | {"network_kind": NetworkKind.CLOUD, "asn": 8075}
    home = {scope: weight(scope, **PERSON) for scope in Scope}
    assert weight(Scope.CLICK, **facts) - home[Scope.CLICK] < -0.3
    assert names(Scope.CLICK, **facts) == names(Scope.OPEN, **facts)


@every("kind", NetworkKind)
@every("agent", AgentKind)
def test_every_network_and_agent_can_be_looked_at(kind: NetworkKind, agent: AgentKind) -> None:
    for scope in Scope:
        for flags in (Flag(0), Flag(1023)):
            found = own(scope, network=3, network_kind=kind, agent_kind=agent, agent=1, flags=flags)
            assert all(cell.name.count(".") == 1 for cell in found.cells)


def test_bare_mozilla_is_apples_proxy_for_opens_alone() -> None:
    assert own(Scope.OPEN, **APPLE).mpp
    assert not own(Scope.CLICK, **APPLE).mpp


@pytest.mark.parametrize("kind", [NetworkKind.HOSTING, NetworkKind.CLOUD, NetworkKind.SCANNER])
def test_bare_mozilla_from_rented_machines_is_not_apple(kind: NetworkKind) -> None:
    assert not own(Scope.OPEN, **APPLE | {"network_kind": kind}).mpp


def test_bare_mozilla_without_an_address_is_apples_proxy() -> None:
    assert own(Scope.OPEN, agent_kind=AgentKind.PRIVACY_PROXY, agent=1).mpp


def test_an_image_proxy_is_judged_by_name_alone() -> None:
    found = own(Scope.OPEN, **GMAIL | {"flags": Flag.NO_ACCEPT_LANGUAGE})
    assert found.proxy
    assert [cell.name for cell in found.cells] == ["agent.image_proxy"]


def test_exchange_online_protection_is_named() -> None:
    found = own(Scope.CLICK, network=3, network_kind=NetworkKind.SCANNER, asn=8075)
    network = next(cell for cell in found.cells if cell.name == "network.microsoft_mail")
    assert network.fact.format(*network.details) == "from Exchange Online Protection AS8075"


def test_an_old_browser_is_odd_and_so_is_one_without_its_headers() -> None:
    for flags in (Flag.STALE_BROWSER, Flag.NO_SEC_FETCH, Flag.NO_ACCEPT_LANGUAGE, Flag.HINT_MISMATCH):
        assert own(Scope.CLICK, **PERSON | {"flags": flags}).looks == "odd"
