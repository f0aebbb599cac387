"""How closely something may be watched and which level decided it, in words."""

from __future__ import annotations

from mailwake.language import noted, say
from mailwake.modes import Receipt

MODES = {
    "off": noted("not watched"),
    "aggregate": noted("counted without names"),
    "deliverability": noted("the day of the last open, for list hygiene alone"),
    "individual": noted("told of the recipient"),
}
LEVELS = {
    "": noted("nothing speaks against it"),
    "nothing": noted("nothing speaks against it"),
    "installation": noted("the installation watches no closer"),
    "profile": noted("the profile of the installation allows no more"),
    "country": noted("the profile of the country they are in allows no more"),
    "campaign": noted("this campaign is watched no closer"),
    "stream": noted("mail of this kind is watched no closer"),
    "message": noted("the sender asked for it in the message"),
    "recipient:granted": noted("the recipient agreed"),
    "recipient:denied": noted("the recipient refused"),
    "recipient:withdrawn": noted("the recipient withdrew"),
    "recipient:exempt_hygiene": noted("only list hygiene is exempt"),
    "recipient:unknown": noted("the recipient was not asked"),
    "recipients:granted": noted("every recipient of the message agreed"),
    "recipients:denied": noted("a recipient of the same message refused"),
    "recipients:withdrawn": noted("a recipient of the same message withdrew"),
    "recipients:exempt_hygiene": noted("for a recipient of the same message only list hygiene is exempt"),
    "recipients:unknown": noted("a recipient of the same message was not asked"),
}
_AXES = {"opens": noted("Opens: %(mode)s, because %(why)s."), "clicks": noted("Clicks: %(mode)s, because %(why)s.")}


def mode_words(word: str) -> str:
    """A mode."""
    return say(MODES.get(word, word))


def level_words(level: str) -> str:
    """Why: what follows "because"."""
    return say(LEVELS.get(level, level))


def receipt_words(receipt: Receipt) -> str:
    """One axis of a sent copy in a sentence."""
    sentence = _AXES.get(receipt.axis, "%(mode)s, %(why)s")
    return say(sentence, mode=mode_words(receipt.mode), why=level_words(receipt.by))
