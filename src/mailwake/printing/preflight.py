"""What preflight found, as a table for a terminal and as a page that stands by itself in a file."""

from __future__ import annotations

from collections.abc import Callable
from html import escape as as_html

from rich.console import Console
from rich.markup import escape

from mailwake.drawing.terminal import visible
from mailwake.language import say
from mailwake.preflight.telling import Answer, Told
from mailwake.preflight.view import summary

_STYLES = {"problem": "bold red", "warning": "yellow", "advice": "cyan"}
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem}}
li{{margin:0 0 1.2rem;padding-left:.8rem;border-left:4px solid #999;list-style:none}}
.problem{{border-color:#b3261e}}.warning{{border-color:#b26a00}}.advice{{border-color:#1f5fa8}}
code{{overflow-wrap:anywhere}}p{{margin:.2rem 0}}ul{{padding:0}}</style></head>
<body><h1>{title}</h1><p>{summary}</p><ul>{findings}</ul>{unknown}</body></html>
"""


def show(
    told: Answer, name: str, console: Console | None = None, *, where: Callable[[int], str] = lambda _: ""
) -> None:
    """Print the findings, the worst first, and what could not be looked at.

    Args:
        told: what was found.
        name: of the message.
        console: where to.
        where: the part of the message that a line is of; empty: it is not said.
    """
    console = console or Console()
    console.print(f"{escape(visible(name))}: {summary(told)}", soft_wrap=True)
    for each in told.findings:
        style = _STYLES[each.severity]
        part = f" ({where(each.line)})" if where(each.line) else ""
        head = f"[{style}]{each.severity:<8}[/] line {each.line}{part}: {escape(visible(each.title))} ({each.code})"
        console.print(head, soft_wrap=True)
        if each.more_lines:
            console.print(f"         also lines {_lines(each)}", soft_wrap=True)
        if each.words and each.words not in each.title:
            console.print(f"         > {escape(visible(each.words))}", style="dim", soft_wrap=True)
        console.print(f"         {escape(each.why)} {escape(each.mend)}", soft_wrap=True)
    for line in told.unknown:
        console.print(f"unknown  {escape(visible(line))}", style="dim", soft_wrap=True)


def page(told: Answer, name: str) -> str:
    """The same as HTML, with nothing to fetch and no script."""
    unknown = "".join(f"<li>{as_html(line)}</li>" for line in told.unknown)
    return _PAGE.format(
        title=as_html(say("Preflight of %(name)s", name=name)),
        summary=as_html(summary(told)),
        findings="".join(_item(each) for each in told.findings),
        unknown=f"<h2>{as_html(say('Could not be looked at'))}</h2><ul>{unknown}</ul>" if unknown else "",
    )


def _lines(each: Told) -> str:
    return ", ".join(map(str, each.more_lines))


def _item(each: Told) -> str:
    words = f"<p><code>{as_html(each.words)}</code></p>" if each.words else ""
    source = f'<a href="{as_html(each.source)}" rel="noreferrer noopener external">{as_html(say("Source"))}</a>'
    line = as_html(say("line %(line)s", line=str(each.line)))
    if each.more_lines:
        line += f" ({as_html(say('also lines %(lines)s', lines=_lines(each)))})"
    return (
        f'<li class="{as_html(each.severity)}"><p><strong>{as_html(each.severity)}</strong>, {line}: '
        f"{as_html(each.title)} <code>{as_html(each.code)}</code></p>{words}"
        f"<p>{as_html(each.why)} {as_html(each.mend)} {source}</p></li>"
    )
