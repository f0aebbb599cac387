"""What the tests of the house rules look at in a source file; each file is parsed once, and its tree not kept."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Function:
    name: str
    #: lines, of the decorators none
    length: int
    #: those that have a name
    parameters: int


@dataclass(frozen=True)
class Import:
    line: int
    #: dots before the module; 0: an absolute import
    level: int
    #: "" for `from . import x`
    module: str
    #: of `from module import a, b`; None for `import module`
    names: tuple[str, ...] | None


@dataclass(frozen=True)
class Source:
    functions: tuple[Function, ...]
    imports: tuple[Import, ...]
    #: every text but docstrings
    strings: tuple[str, ...]


@cache
def source(path: Path) -> Source:
    """What stands in a file.

    Raises:
        SyntaxError: it is no Python.
    """
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    return Source(
        functions=tuple(_function(node) for node in nodes if isinstance(node, _Function)),
        imports=tuple(found for node in nodes for found in _imports(node)),
        strings=tuple(_strings(nodes)),
    )


def _function(node: _Function) -> Function:
    given = node.args
    return Function(
        name=node.name,
        length=(node.end_lineno or node.lineno) - node.lineno + 1,
        parameters=len(given.posonlyargs) + len(given.args) + len(given.kwonlyargs),
    )


def _imports(node: ast.AST) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        yield from (Import(node.lineno, 0, alias.name, None) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield Import(node.lineno, node.level, node.module or "", tuple(alias.name for alias in node.names))


def _strings(nodes: list[ast.AST]) -> Iterator[str]:
    docs = {
        id(node.body[0].value)
        for node in nodes
        if isinstance(node, ast.Module | ast.ClassDef | _Function) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.value
