"""Merge fields as people read them: `{{first_name}}` of a subject stands as [first_name], for each reads their own."""

from __future__ import annotations

import re

#: what `mailwake.compose.fields` takes for a field
_FIELD = re.compile(r"(?<!\{)\{\{(?=[^{}<>\r\n]{1,200}+\}\}(?!\}))[ \t]*+([^{}<>\s][^{}<>\r\n]{0,99}?)[ \t]*+\}\}")


def read(text: str) -> str:
    """A text with the names of its fields in marks."""
    return _FIELD.sub(r"[\1]", text)
