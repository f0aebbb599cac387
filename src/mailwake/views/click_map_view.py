"""What the page of a click map shows, and what the marks on the mail say: the same numbers, made text once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from mailwake.clickmap.sheet import Badge, draw
from mailwake.drawing import fields, figures, pieces
from mailwake.drawing.charts import Part
from mailwake.drawing.terms import term
from mailwake.errors import BadInput
from mailwake.insight.click_map import LAYERS, Choices, ClickMap, Mail, Spot
from mailwake.insight.report import country_names
from mailwake.language import noted, say
from mailwake.views.compare_view import STANDINGS

#: ages of a copy until which clicks are shown, in seconds, and their words; None: all
STEPS: tuple[tuple[int | None, str], ...] = (
    (3_600, noted("1 hour")),
    (3 * 3_600, noted("3 hours")),
    (86_400, noted("1 day")),
    (3 * 86_400, noted("3 days")),
    (7 * 86_400, noted("7 days")),
    (None, noted("all")),
)
ALL = len(STEPS) - 1
_MARKS = {"human": "●", "machine": "□", "raw": noted("raw")}
#: standing to kind of mark and sign
_STANDINGS = {"higher": ("higher", "▲"), "lower": ("lower", "▼"), "not distinguishable": ("alike", "≈")}
_SUBJECT_CHARS = 60
#: Links of these roles are short and stand side by side, closer than their marks are wide.
_LISTED = frozenset(("footer", "legal", "social", "unsubscribe", "preferences"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """Something to choose."""

    value: str
    label: str
    is_chosen: bool
    href: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A line of the table: what the mark says, and the rest."""

    number: int
    label: str
    role: str
    where: str
    target: str
    href: str | None
    badge: str
    parts: tuple[Part, ...]
    human: str
    possible: str
    machine: str
    raw: str
    people: str
    people_span: str
    share: str
    rate: str
    span: str
    hits: str
    #: empty: not compared
    change: str
    change_span: str
    standing: str
    sign: str


def values(answer: ClickMap, choices: Choices, *, step: int, pictures: bool, height: int) -> dict[str, Any]:
    """What `click_map.html` names."""
    asked = query(answer, step=step, pictures=pictures)
    path = f"/campaigns/{answer.id}/map"
    longest = max((spot.clicked.raw for spot in answer.spots), default=0)
    names = letters((*answer.mails, *choices.others, *([answer.versus] if answer.versus else [])))
    steps = {str(number): say(words) for number, (_, words) in enumerate(STEPS)}
    return {
        "id": answer.id,
        "of_template": answer.mail.template,
        "name": answer.name,
        "subject": fields.read(answer.mail.subject),
        "base": figures.count(answer.mail.base),
        "layer": say(LAYERS[answer.layer]),
        "layers": _links(
            path, asked, "layer", {name: say(words) for name, words in LAYERS.items()}, chosen=answer.layer
        ),
        "steps": _links(path, asked, "step", steps, chosen=str(step)),
        "step": step,
        "last_step": ALL,
        "until": say(STEPS[step][1]),
        "mails": [_option(mail.template, names[mail.template], answer.mail.template) for mail in answer.mails],
        "others": _others(answer, choices, names),
        "devices": _filter(choices.devices, answer.device, {}),
        "clients": _filter(choices.clients, answer.client, {}),
        "countries": _filter(choices.countries, answer.country, country_names()),
        "pictures": pictures,
        "asked": {name: value for name, value in asked.items() if name == "layer"},
        "drawing": f"{path}/mail?{urlencode(asked)}",
        "height": height,
        "export": f"{path}.svg?{urlencode(asked)}",
        "photo": f"{path}.png?{urlencode(asked)}",
        "versus": "" if answer.versus is None else names[answer.versus.template],
        "versus_base": "" if answer.versus is None else figures.count(answer.versus.base),
        "rows": [row(answer, spot, longest) for spot in answer.spots],
        "only_there": [f"{spot.number}. {spot.label or say('(no text)')}" for spot in answer.only_there],
        "any_hits": any(spot.hits != 0 for spot in answer.spots),
        "segment": answer.segment,
        "is_narrowed": bool(
            answer.segment or answer.device or answer.client or answer.country or answer.until_seconds is not None
        ),
    }


def query(answer: ClickMap, *, step: int, pictures: bool) -> dict[str, str]:
    """The state of the page for an address; what is as usual is left out."""
    said = {
        "layer": "" if answer.layer == "human" else answer.layer,
        "template": answer.mail.template,
        "step": "" if step == ALL else str(step),
        "device": answer.device,
        "client": answer.client,
        "country": answer.country,
        "segment": answer.segment,
        "versus": "" if answer.versus is None else answer.versus.template,
        "pictures": "1" if pictures else "",
    }
    return {name: value for name, value in said.items() if value}


def drawn(answer: ClickMap, raw: bytes, *, fetch: bool = False) -> str:
    """The mail with its marks; one that cannot be drawn says so above the list of its links."""
    try:
        return draw(raw, badges(answer), fetch=fetch).html
    except BadInput as fault:
        return draw(b"", badges(answer), note=str(fault)).html


def badges(answer: ClickMap) -> list[Badge]:
    """What the marks on the mail say."""
    shown = max((spot.shown for spot in answer.spots), default=0.0)
    changed = max((abs(spot.change.value) for spot in answer.spots if spot.change), default=0.0)
    return [
        Badge(
            number=spot.number,
            text=badge_text(answer, spot),
            label=spot.label,
            where="decoy" if spot.role == "decoy" else spot.where,
            strength=_strength(answer, spot, shown, changed),
            kind=_kind(answer, spot),
            is_low=spot.number % 2 == 0 and spot.role in _LISTED,
        )
        for spot in answer.spots
    ]


def badge_text(answer: ClickMap, spot: Spot) -> str:
    """What a mark says after its number."""
    if not spot.counts:
        return say("no click")
    if answer.versus is not None:
        return say("only here") if spot.change is None else points(spot.change.value)
    share = f" ({spot.share * 100:.0f} %)" if spot.share and spot.share >= 0.005 else ""
    return f"{_amount(answer, spot.shown)}{share}"


def _amount(answer: ClickMap, number: float) -> str:
    """Copies; of people an expected number, with a decimal where that is a part of it."""
    if answer.layer == "human" and 0 < number < 10:
        return f"{number:.1f}" if number >= 0.05 else say("under %(number)s", number="0.1")
    return figures.count(round(number))


def points(value: float) -> str:
    """A difference of rates in percentage points: "+1.3 pp"."""
    return say("%(number)s pp", number=figures.signed(value * 100, 1))


def _strength(answer: ClickMap, spot: Spot, shown: float, changed: float) -> float:
    if answer.versus is None:
        return spot.shown / shown if shown else 0.0
    return abs(spot.change.value) / changed if spot.change and changed else 0.0


def _kind(answer: ClickMap, spot: Spot) -> str:
    if answer.versus is None:
        return answer.layer if spot.counts and spot.shown else "none"
    return "none" if spot.change is None else _STANDINGS[spot.change.standing][0]


def row(answer: ClickMap, spot: Spot, longest: int) -> Row:
    """A line of the table."""
    split = pieces.split(spot.label, spot.clicked, longest)
    change = spot.change
    return Row(
        number=spot.number,
        label=spot.label or say("(no text)"),
        role=term(spot.role),
        where=say(pieces.WHERE.get(spot.where, spot.where)),
        target=spot.href,
        href=pieces.safe_href(spot.href),
        badge=f"{say(_MARKS[answer.layer])} {badge_text(answer, spot)}" if spot.counts else say("no click"),
        parts=split.parts,
        human=split.human,
        possible=split.possible,
        machine=split.machine,
        raw=split.raw,
        people=f"{spot.people:.1f}",
        people_span=f"{spot.people_low:.1f}–{spot.people_high:.1f}",  # noqa: RUF001 - a range takes an en dash
        share=figures.percent(spot.share) if spot.counts and spot.share is not None else "",
        rate=figures.percent(spot.rate) if spot.counts else "",
        span=figures.span(spot.low, spot.high) if spot.counts else "",
        hits=figures.few(spot.hits),
        change="" if change is None else points(change.value),
        change_span=""
        if change is None
        else say("%(low)s to %(high)s", low=points(change.low), high=points(change.high)),
        standing="" if change is None else say(STANDINGS[change.standing]),
        sign="" if change is None else _STANDINGS[change.standing][1],
    )


def _links(path: str, asked: dict[str, str], name: str, labels: dict[str, str], *, chosen: str) -> list[Choice]:
    """Each leads to the same page with this one thing changed."""
    return [
        Choice(
            value=value,
            label=label,
            is_chosen=value == chosen,
            href=f"{path}?{urlencode({**asked, name: value})}#mail",
        )
        for value, label in labels.items()
    ]


def _option(value: str, label: str, chosen: str) -> Choice:
    return Choice(value=value, label=label, is_chosen=value == chosen)


def _filter(names: tuple[str, ...], chosen: str, labels: dict[str, str]) -> list[Choice]:
    """All, and each; also what was asked for and is not there, so that the form says what it shows."""
    known = names if not chosen or chosen in names else (*names, chosen)
    return [_option("", say("all"), chosen), *(_option(name, labels.get(name, term(name)), chosen) for name in known)]


def _others(answer: ClickMap, choices: Choices, names: Mapping[str, str]) -> list[Choice]:
    chosen = "" if answer.versus is None else answer.versus.template
    offered = [mail for mail in choices.others if mail.template != answer.mail.template]
    if answer.versus is not None and chosen not in {mail.template for mail in offered}:
        offered.append(answer.versus)
    named = (_option(mail.template, f"{mail.campaign_name}: {names[mail.template]}", chosen) for mail in offered)
    return [_option("", say("nothing"), chosen), *named]


def letters(mails: Iterable[Mail]) -> dict[str, str]:
    """Template to the subject of the letter, with a number where others of the campaign look the same."""
    alike: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for mail in mails:
        alike[mail.campaign, _subject(mail)][mail.template] = None
    return {
        template: _letter(subject, number if len(templates) > 1 else 0)
        for (_, subject), templates in alike.items()
        for number, template in enumerate(templates, 1)
    }


def _subject(mail: Mail) -> str:
    subject = fields.read(mail.subject)
    return subject if len(subject) <= _SUBJECT_CHARS else f"{subject[: _SUBJECT_CHARS - 1]}…"


def _letter(subject: str, number: int) -> str:
    if not number:
        return f"“{subject}”"
    return say("“%(subject)s”, letter %(number)s", subject=subject, number=str(number))
