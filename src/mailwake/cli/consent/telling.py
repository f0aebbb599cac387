"""Consent and profiles, as a terminal and programs read them."""

from __future__ import annotations

from typing import Any

from mailwake.consents.standing import ConsentAnswer
from mailwake.profiles import Profile


def profile_told(profile: Profile) -> dict[str, Any]:
    """A profile as JSON has it."""
    rule = profile.rule
    return {
        "name": profile.name,
        "title": profile.title,
        "note": profile.disclaimer,
        "ceiling": {"opens": rule.ceiling.opens.word, "clicks": rule.ceiling.clicks.word},
        "unknown": {"opens": rule.unknown.opens.word, "clicks": rule.unknown.clicks.word},
        "hygiene": rule.hygiene,
        "clicks_follow": rule.clicks_follow,
        "streams": {stream: mode.word for stream, mode in profile.streams.items()},
        "countries": profile.countries,
        "ask_again_months": profile.ask_again_months,
        "legacy_notice_until": profile.legacy_notice_until,
        "notes": profile.notes,
        "sources": profile.sources,
        "read_on": profile.read_on,
    }


def answer_told(answer: ConsentAnswer) -> str:
    """All about one recipient, for a terminal."""
    lines = [safe(answer.address)]
    if answer.profiles:
        lines.append(f"profile {' and '.join(answer.profiles)}, {answer.note}")
    for axis, holds in answer.axes.items():
        since = "" if holds.at is None else f" since {holds.at:%Y-%m-%d}"
        mode = "" if holds.mode is None else f"; watched: {holds.mode}, decided by {holds.by or 'nothing'}"
        lines.append(f"  {axis:<8} {holds.state}{since}{mode}")
    if answer.may_ask_again is not None:
        lines.append(f"may be asked again from {answer.may_ask_again:%Y-%m-%d}")
    for said in answer.ledger:
        more = " ".join(filter(None, (said.method, said.url, said.proof, f"by {said.actor}" if said.actor else "")))
        lines.append(f"  line {said.line}: {said.at:%Y-%m-%d %H:%M} {said.axis} {said.state}  {safe(more)}".rstrip())
    return "\n".join(lines) + "\n"


def profile_line(profile: Profile, *, is_full: bool) -> str:
    """A profile in a line, or with notes and sources."""
    most, least = profile.rule.ceiling, profile.rule.unknown
    line = (
        f"{profile.name:<7} {profile.title}: at most opens {most.opens.word}, clicks {most.clicks.word}; "
        f"never asked: opens {least.opens.word}, clicks {least.clicks.word}; {profile.disclaimer}"
    )
    return "\n  - ".join((line, *profile.notes, *profile.sources)) if is_full else line


def safe(text: str) -> str:
    """Words of others, without what a terminal obeys."""
    return "".join(letter for letter in text[:200] if letter.isprintable())
