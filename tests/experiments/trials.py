"""Experiments whose every count is chosen, in real stores."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from tests.insight import seeding

from mailwake.events import EventType, Source, TemplateId, event_id
from mailwake.experiments import design
from mailwake.experiments.design import Design, Sent, Variant
from mailwake.goals.claims import claim
from mailwake.insight.stores import Stores
from mailwake.store.state import Experiment

DAY = 24 * seeding.HOUR
NOW = seeding.micros(2 * DAY)


@dataclass(frozen=True, kw_only=True)
class Copies:
    """What came of one variant."""

    sent: int
    #: copies that people clicked
    people: int = 0
    #: copies that machines clicked
    machines: int = 0
    #: copies that bounced, among those that nobody clicked
    bounced: int = 0
    #: of those that people clicked, so many reached `goal` an hour later
    converted: int = 0
    #: role of the links that people clicked
    role: str = "cta"


def trial(stores: Stores, name: str, variants: Sequence[Copies], **more: Any) -> Experiment:
    """An experiment that was sent, a copy a second from the start, in turn to each variant."""
    mail = seeding.sending(stores, f"Campaign of {name}")
    letters = [f"{number}".encode() for number in range(len(variants))]
    told = {"about": "", "deadline_seconds": DAY, **more}
    made = Design(variants=tuple(Variant(name="ABCDEFGH"[n]) for n in range(len(variants))), **told)
    kept = design.put(
        stores.state, name, made, campaign=mail.campaign, letters=letters, now=seeding.micros(-60), by="ann"
    )
    first = 10_000 * mail.campaign.id
    templates = tuple(TemplateId(first + number) for number in range(len(variants)))
    rest = tuple(TemplateId(first + 100 + number) for number in range(len(variants)))
    planned = sum(each.sent for each in variants)
    mail.people([f"{name.lower()}{number}@example.com" for number in range(planned)])
    sent = Sent(templates=templates, rest=rest, planned=planned, at=seeding.micros())
    stores.state.put_experiment_sent(kept.id, msgspec.to_builtins(sent))
    person = 0
    for template, copies in zip(templates, variants, strict=True):
        for number in range(copies.sent):
            _copy(mail, person, number, copies=copies, template=template)
            person += 1
    mail.write()
    found = stores.state.experiment(name)
    assert found is not None
    return found


def _copy(mail: seeding.Sending, person: int, number: int, *, copies: Copies, template: TemplateId) -> None:
    mail.add(EventType.SENT, person, number, template=template)
    if number >= copies.sent - copies.bounced:
        mail.add(EventType.BOUNCED, person, number + 1, template=template)
        return
    mail.add(EventType.DELIVERED, person, number + 1, template=template)
    if number < copies.people:
        mail.add(EventType.CLICKED, person, 7_200 + number, link=2, role=copies.role, template=template, **PERSON)
        if number < copies.converted:
            reach(mail, person, 10_800 + number)
    elif number < copies.people + copies.machines:
        mail.add(EventType.CLICKED, person, number + 2, link=2, role="cta", template=template, **MACHINE)


def reach(mail: seeding.Sending, person: int, after: float) -> None:
    """Somebody reaches the goal `purchase`, as a shop's server says; what brought them there is not handed back."""
    made = claim(mail.stores.state.goals(), "purchase", id=f"{mail.campaign.id}-{person}")
    number = event_id("reached", mail.campaign.id, person)
    mail.add(EventType.CONVERTED, person, after, id=number, source=Source.API, reason=made.line)
    mail.rows[-1] = msgspec.structs.replace(mail.rows[-1], campaign=None, template=None, delivery=None)


#: sure, so that sums are whole
PERSON = {**seeding.HUMAN, "p_human": 1.0}
MACHINE = {**seeding.SCANNER, "p_human": 0.0}
