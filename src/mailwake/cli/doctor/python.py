"""`mailwake doctor`: whether the Python that runs this is one with known weaknesses that strangers reach."""

from __future__ import annotations

import sys

from mailwake.cli.doctor import Finding, ok, warning

#: The first release of each line without CVE-2025-6069 (hostile HTML takes quadratic time) and CVE-2026-1299 (a line
#: end gets into a header). Source: https://www.cve.org/CVERecord?id=CVE-2026-1299
MENDED_IN = {11: 15, 12: 13, 13: 12, 14: 3}


def check_python(version: tuple[int, int, int] = sys.version_info[:3]) -> Finding:
    """The interpreter is no older than the releases that mended what is known.

    Args:
        version: of the interpreter, such as (3, 11, 15).
    """
    name = ".".join(map(str, version))
    floor = MENDED_IN.get(version[1], 0)
    if version[2] < floor:
        line = f"Python {name} has known weaknesses (CVE-2026-1299); take 3.{version[1]}.{floor} or newer"
        return warning("python", line)
    return ok("python", f"Python {name}")
