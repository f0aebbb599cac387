"""Whether a mail carries a DMARC aggregate report; the report itself is not opened here.

Such mail is put aside as it came, in the folder `FOLDER` of the data: whoever runs the pipeline reads it. Source: RFC
7489 section 7.2.1.1 (subject and name of the file), which most providers follow in one of the two.
"""

from __future__ import annotations

import re

from mailwake.notices.mail import Part, header, parts

#: below the data folder
FOLDER = "reports-in"
_SUBJECT = re.compile(r"\breport[ -]domain\s*:\s*\S+.*\bsubmitter\s*:\s*\S", re.IGNORECASE)
#: A subject has two names of at most 253 characters, and an id; a longer one would take its square in time.
MOST_SUBJECT_CHARS = 1_000
#: receiver "!" domain "!" begin "!" end, as a parameter of the type or the disposition
_NAME = re.compile(r"name\*?\d*\*?\s*=\s*\"?[^\s\"!;]{1,255}![^\s\"!;]{1,255}!\d{9,11}!\d{9,11}", re.IGNORECASE)
_KINDS = ("application/gzip", "application/x-gzip", "application/zip", "application/x-zip-compressed", "text/xml",
          "application/xml", "application/octet-stream")  # fmt: skip


def carries_report(message: Part) -> bool:
    """Whether one is attached, by what the mail and its attachments are called."""
    attached = [part for part in parts(message) if part.kind in _KINDS]
    if not attached:
        return False
    named = (part.first(name) for part in attached for name in ("content-disposition", "content-type"))
    return _SUBJECT.search(header(message, "subject")[:MOST_SUBJECT_CHARS]) is not None or any(map(_NAME.search, named))
