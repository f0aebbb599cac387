"""What an event says of itself, scoped by what was fetched."""

from typing import Any

import pytest
from tests.judge.world import APPLE, GMAIL, NOTHING, PERSON, clicked, rules

from mailwake.events import AgentKind, Class, Flag, NetworkKind
from mailwake.judge.families.own import Own, weigh
from mailwake.judge.rules import Scope


def own(scope: Scope, **facts: Any) -> Own:
    return weigh(rules(), clicked(1, 0, **facts), scope)


def test_microsoft_speaks_against_clicks_and_not_against_opens() -> None:
    microsoft = {"network_kind": NetworkKind.CLOUD, "asn": 8075}
    assert own(Scope.CLICK, **microsoft).weight < -1.5
    assert own(Scope.OPEN, **microsoft).weight == 0


def test_nothing_known_weighs_nothing() -> None:
    assert own(Scope.CLICK, **NOTHING) == Own((), 0.0, False, False, False, Class.SCANNER, False)


def test_a_person_at_home_is_a_consumer() -> None:
    assert own(Scope.CLICK, **PERSON).consumer


@pytest.mark.parametrize(
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
        {"agent_kind": AgentKind.BROWSER, "flags": Flag.STALE_BROWSER, "agent": 1},
        {"network_kind": NetworkKind.SCANNER},
        {"network_kind": NetworkKind.HOSTING},
    ],
)
def test_what_speaks_for_a_machine(facts: dict[str, Any]) -> None:
    assert own(Scope.CLICK, **facts).weight < 0


@pytest.mark.parametrize(
    "facts",
    [
        {"flags": Flag.ACCEPT_LANGUAGE},
        {"flags": Flag.SEC_FETCH},
        {"agent_kind": AgentKind.BROWSER, "agent": 1},
        {"agent_kind": AgentKind.MAIL_CLIENT, "agent": 1},
        {"agent_kind": AgentKind.BROWSER, "flags": Flag.WEBVIEW, "agent": 1},
        {"network_kind": NetworkKind.RESIDENTIAL},
        {"network_kind": NetworkKind.MOBILE},
        {"network_kind": NetworkKind.GATEWAY},
        {"network_kind": NetworkKind.RELAY},
        {"network_kind": NetworkKind.CORPORATE},
    ],
)
def test_what_speaks_for_a_person(facts: dict[str, Any]) -> None:
    assert own(Scope.CLICK, **facts).weight > 0


@pytest.mark.parametrize("kind", NetworkKind)
@pytest.mark.parametrize("agent", AgentKind)
def test_every_network_and_agent_can_be_weighed(kind: NetworkKind, agent: AgentKind) -> None:
    for scope in Scope:
        found = own(scope, network_kind=kind, agent_kind=agent, agent=1, flags=Flag(1023))
        assert found.weight == pytest.approx(sum(term.weight for term in found.terms))


def test_bare_mozilla_is_apples_proxy_for_opens_alone() -> None:
    assert own(Scope.OPEN, **APPLE).mpp
    assert not own(Scope.CLICK, **APPLE).mpp


@pytest.mark.parametrize("kind", [NetworkKind.HOSTING, NetworkKind.CLOUD, NetworkKind.SCANNER])
def test_bare_mozilla_from_rented_machines_is_not_apple(kind: NetworkKind) -> None:
    assert not own(Scope.OPEN, **APPLE | {"network_kind": kind}).mpp


def test_bare_mozilla_without_an_address_is_apples_proxy() -> None:
    assert own(Scope.OPEN, agent_kind=AgentKind.PRIVACY_PROXY, agent=1).mpp


def test_an_image_proxy_is_weighed_by_name_alone() -> None:
    found = own(Scope.OPEN, **GMAIL | {"flags": Flag.NO_ACCEPT_LANGUAGE})
    assert found.proxy
    assert [term.code for term in found.terms] == ["image_proxy"]


def test_exchange_online_protection_is_named() -> None:
    found = own(Scope.CLICK, network_kind=NetworkKind.SCANNER, asn=8075)
    assert found.terms[0].say() == "from Exchange Online Protection AS8075"
