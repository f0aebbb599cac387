"""The table of codes in docs/explain/preflight.md, from the rules themselves."""

from __future__ import annotations

from mailwake.preflight.findings import Severity, rules


def render() -> str:
    """One row per code, the worst first."""
    lines = ["| code | is | what is the matter | what to do |", "|---|---|---|---|"]
    for severity in Severity:
        for code, rule in rules().items():
            if rule.severity is severity:
                title = cell(rule.title)
                lines.append(f"| `{code}` | {severity} | [{title}]({rule.source}) | {cell(rule.mend)} |")
    return "\n".join(lines)


def cell(text: str) -> str:
    text = text.replace("%(", "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}")
    text = text.replace(")s", "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}")
    return text.replace("|", "&#124;").replace("<", "&lt;")
