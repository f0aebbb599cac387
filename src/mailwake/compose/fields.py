"""Merge fields: ``{{name}}`` in templates and subject lines, and how a value is made safe for where it stands.

The only template language there is: no conditions, no loops, no fallbacks. A field that a recipient does not have stops
that recipient's copy instead of sending "Dear ,".
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from urllib.parse import quote

from mailwake.compose.targets import WhyNot, clean, judge_target
from mailwake.errors import BadInput

#: The look ahead keeps the search short where a field is never closed.
FIELD = re.compile(r"(?<!\{)\{\{(?=[^{}<>\r\n]{1,200}+\}\}(?!\}))[ \t]*+([^{}<>\s][^{}<>\r\n]{0,99}?)[ \t]*+\}\}")
#: Fields that are not the recipient's: they become our own pages.
OWN_PAGES = {"unsubscribe_url": "u", "preferences_url": "p"}
_HEADER_END = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\x85\u2028\u2029]")
_UNFIT_UNQUOTED = re.compile(r"[\s\"'`=<>&/]")
#: What a merged address may be besides http and https; it is written as it is, untracked.
_HARMLESS = ("mailto:", "tel:", "sms:")


def value_of(fields: Mapping[str, str], name: str) -> str:
    """A recipient's value.

    Raises:
        BadInput: the recipient has no such field.
    """
    try:
        return fields[name]
    except KeyError:
        raise BadInput(
            f"there is no field {name!r} for {{{{{name}}}}}; add it or take it out of the template"
        ) from None


def escape_value(value: str, *, is_unquoted: bool) -> str:
    """A value as HTML.

    Args:
        value: as the recipient's data have it.
        is_unquoted: it stands in a tag without quotes around it, where a space would start an attribute.
    """
    if is_unquoted:
        return _UNFIT_UNQUOTED.sub(lambda match: f"&#{ord(match[0])};", value)
    return html.escape(value)


class HeaderLine:
    """A header value with fields, such as a subject; a value can never start another header.

    Args:
        text: the template.
    """

    def __init__(self, text: str) -> None:
        self._parts = FIELD.split(text)
        _refuse_line_end(text, "the template")

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of its fields, each as often as it stands there."""
        return tuple(self._parts[1::2])

    def render(self, fields: Mapping[str, str]) -> str:
        """The line for one recipient.

        Raises:
            BadInput: a field is missing, or its value has a line end or another control character in it.
        """
        parts = self._parts[:]
        for index in range(1, len(parts), 2):
            name = parts[index]
            parts[index] = value_of(fields, name)
            _refuse_line_end(parts[index], f"the field {name!r}")
        return "".join(parts)


def _refuse_line_end(value: str, what: str) -> None:
    if _HEADER_END.search(value):
        raise BadInput(f"{what} has a line end or control character in it, which no header can hold; take it out")


class PersonalLink:
    """An address with fields.

    Args:
        href: decoded; fields as they were written.
    """

    def __init__(self, href: str) -> None:
        self._parts = FIELD.split(href)
        #: for each field: "whole" at the start, "host" before the path, "part" after it, "mail" in a mail address
        self._kinds: list[str] = []
        for index in range(0, len(self._parts) - 1, 2):
            self._kinds.append(_kind(self._parts[index], self._kinds[-1] if self._kinds else None))

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of its fields."""
        return tuple(self._parts[1::2])

    @property
    def can_be_tracked(self) -> bool:
        """Whether it may turn out to be an address that can be tracked."""
        if self._kinds[0] == "whole":
            return True
        parts = self._parts[:]
        parts[1::2] = ["x"] * len(self._kinds)
        return judge_target("".join(parts))[0] is None

    def render(self, fields: Mapping[str, str]) -> tuple[str, bool]:
        """One recipient's address, and whether it may be tracked.

        Raises:
            BadInput: a field is missing, or what comes out leads nowhere or somewhere dangerous.
        """
        parts = self._parts[:]
        for index, kind in enumerate(self._kinds):
            value = value_of(fields, parts[2 * index + 1])
            parts[2 * index + 1] = clean(value) if kind == "whole" else quote(value, safe="@" if kind == "mail" else "")
        href = "".join(parts)
        why, _ = judge_target(href)
        if why is None:
            return href, True
        is_harmless = href.lower().startswith(_HARMLESS) and not re.search(r"[\x00-\x20\x7f]", href)
        if why is WhyNot.SCHEME and self._kinds[0] != "whole":
            is_harmless = True  # the scheme is the author's own
        if not is_harmless:
            names = ", ".join(repr(name) for name in self.fields)
            raise BadInput(f"the field {names} makes no usable address ({why}); give it a whole http or https address")
        return href, False


_HOST_START = re.compile(r"(?i)https?://[^/?#]*+")
_HOST_END = re.compile(r"[/?#]")


def _kind(before: str, last: str | None) -> str:
    """What a field is, by the text before it and the field before that."""
    if last is None:
        if before[:7].lower() == "mailto:":
            return "mail"
        return "host" if _HOST_START.fullmatch(before) else "part" if before else "whole"
    return last if last == "mail" or (last == "host" and not _HOST_END.search(before)) else "part"
