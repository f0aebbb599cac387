"""Hosts that look like others: letters of several scripts in one label, or Cyrillic and Greek that look Latin.

Source: UTS #39 sections 4 and 5.2 (mixed-script confusables; highly restrictive), and what Chromium does with names of
one script (components/url_formatter/spoof_checks); rspamd counts such hosts (URL_HOMOGRAPH_ATTACK).
"""

from __future__ import annotations

import unicodedata

#: Scripts that one language writes beside each other.
_TOGETHER = (
    frozenset(("LATIN", "CJK", "HIRAGANA", "KATAKANA")),
    frozenset(("LATIN", "CJK", "BOPOMOFO")),
    frozenset(("LATIN", "CJK", "HANGUL")),
)
#: Letters that nobody tells from Latin ones.
_LATIN_LOOK = frozenset("аеорсухѕіјһԁԛԝһӏьвмнтклгпшзγοραντυκωηικχυϲ")
#: Where names in Cyrillic or Greek are at home.
_AT_HOME = frozenset(("bg", "by", "cy", "gr", "kz", "mk", "mn", "rs", "ru", "su", "ua", "uz"))


def is_lookalike(host: str) -> bool:
    """Whether some label of a host passes for another one.

    Args:
        host: lower case, as it is written or in its ASCII form.
    """
    if host.isascii() and "xn--" not in host:
        return False
    labels = [_shown(label) for label in host.split(".")]
    is_latin_top = labels[-1].isascii() and labels[-1] not in _AT_HOME
    return any(_is_mixed(label) or (is_latin_top and _is_foreign_latin(label)) for label in labels)


def _shown(label: str) -> str:
    try:
        return label[4:].encode("ascii").decode("punycode") if label.startswith("xn--") else label
    except UnicodeError:
        return label


def _is_mixed(label: str) -> bool:
    scripts = {unicodedata.name(char, "").partition(" ")[0] for char in label if char.isalpha()}
    scripts -= {"FULLWIDTH", "HALFWIDTH", "IDEOGRAPHIC", "KATAKANA-HIRAGANA", "MODIFIER", ""}
    return len(scripts) > 1 and not any(scripts <= together for together in _TOGETHER)


def _is_foreign_latin(label: str) -> bool:
    letters = [char for char in label if char.isalpha()]
    return bool(letters) and not label.isascii() and all(char in _LATIN_LOOK for char in letters)
