"""Scores for a terminal; whatever others wrote is made visible first."""

from __future__ import annotations

from mailwake.boards.calls_view import ACTS, moved, points
from mailwake.drawing.terminal import visible
from mailwake.scoring.answers import EntryAnswer, ScoreAnswer
from mailwake.scoring.calls import Call, Calls
from mailwake.scoring.force import Used
from mailwake.scoring.learning import Learned
from mailwake.scoring.movers import Movers
from mailwake.scoring.reasons import shown


def score_text(address: str, found: ScoreAnswer) -> str:
    """One person's score with the whole ledger."""
    lines = [f"{visible(address)}: {_score(found)}"]
    if found.why:
        lines.append(visible(found.why))
    if found.ledger:
        lines += map(_entry, found.ledger)
        lines.append(f"{points(found.millipoints):>10}  together, by {found.model}")
    elif not found.cannot_say:
        lines.append("nothing of their own yet: no click, no answer, no goal")
    return "\n".join(lines)


def _score(found: ScoreAnswer) -> str:
    if found.score is None:
        return found.cannot_say
    return f"{found.score} of 100 · {found.band} · momentum {moved(found.momentum)}"


def _entry(entry: EntryAnswer) -> str:
    at = "" if entry.at is None else f"{entry.at:%Y-%m-%d}"
    label = visible(shown(entry.label))
    said = f"{ACTS[entry.act]}: {label}" if label else ACTS[entry.act]
    fresh = "" if entry.fresh_millipoints == entry.millipoints else f" · {points(entry.fresh_millipoints)} when fresh"
    capped = f" · the cap took {points(entry.capped_millipoints)}" if entry.capped_millipoints else ""
    return f"{points(entry.millipoints):>10}  {at}  {said}{fresh}{capped}"


def calls_text(found: Calls) -> str:
    """The head of the list."""
    bands = " · ".join(f"{name} {number:,}" for name, number in found.bands.items())
    lines = [f"{found.people:,} people with a score · {bands} · model {found.model}"]
    lines += map(_call, found.calls)
    if not found.calls:
        lines.append("nobody to call yet: nobody clicked a tracked link, answered or reached a goal")
    return "\n".join(lines)


def _call(call: Call) -> str:
    who = visible(call.address or "address no longer known")
    name = f" ({visible(shown(call.name))})" if call.name else ""
    owner = f" · {visible(shown(call.owner))}" if call.owner else ""
    score = call.score
    return f"{call.rank:>4}. {score.score:>3} {score.band:<4}  {who}{name}{owner} · {visible(score.why)}"


def movers_text(found: Movers) -> str:
    """What another model would change."""
    lines = [f"{found.people:,} people by {found.model} and by {found.other}: {found.moved:,} would move,"]
    lines[0] += f" {found.rebanded:,} would change band"
    lines += [f"  {each.before} → {each.after}: {each.people:,}" for each in found.changes]
    for each in found.movers:
        who = visible(each.address or "address no longer known")
        lines.append(f"{each.before:>5} → {each.after:<3}  {who} · {each.band_before} → {each.band_after}")
    lines.append("Nothing was changed. Changing a model never sets anything off; acts of people alone do.")
    return "\n".join(lines)


def learned_text(found: Learned) -> str:
    """Whether a learned model is better, with the numbers."""
    lines = [found.why]
    if found.unknown:
        lines.append(f"{found.unknown:,} lines name somebody whom nobody ever mailed; they count nowhere")
    if found.auc_learned is None or found.auc_points is None:
        return "\n".join(lines)
    lines.append(
        f"{found.taught:,} older leads taught; of {found.tested:,} later ones {found.tested_converted:,} converted"
    )
    lines.append(f"tells apart: learned {found.auc_learned:.3f}, points {found.auc_points:.3f}; 0.5 is a coin")
    lines.append(f"the difference: {found.gain_low:+.3f} to {found.gain_high:+.3f} (95 %)")
    lines.append(f"off by: learned {found.error_learned:.3f}, points {found.error_points:.3f}")
    lines += [f"{each.slope:+9.3f}  {each.name}" for each in found.coefficients]
    if found.model:
        lines.append(f"kept as {found.model}; nothing scores by it yet")
        lines.append(f"who would move: mailwake score --movers {found.model}")
        lines.append(f"put it in force: mailwake score --use {found.model}")
    return "\n".join(lines)


def used_text(found: Used) -> str:
    """Which model scores now, and how to go back."""
    if found.model == found.before:
        return f"{found.model} scored before, too; there are {', '.join(found.known)}"
    return (
        f"scores are made by {found.model} from now on; until now by {found.before}\n"
        f"Nothing is set off by it. Back: mailwake score --use {found.before}"
    )
