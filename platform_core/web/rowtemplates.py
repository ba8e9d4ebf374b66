"""The rows of a list as one template, made of the macros that draw its columns.

A call of a macro costs more than most cells: fifty rows took 11 ms by calls and take 8 ms in one piece.
The name of such a template says what it is made of, so that Jinja keeps one for each choice of columns:

    rows:customers/_cells.html#name,status,+relay=relay/_dots.html

The macros' bodies stand where `_rows.html` has its block `cells`, each in a scope of its own. A column with a plus is
another owner's: `added[key]` holds its macro and the rows' values. The macro is called, since it has texts of its own,
or stands there as well where it has none. One with an equals sign
has no macro at all and shows the rows' values as they are.
"""

from __future__ import annotations

from collections.abc import Callable

from jinja2 import Environment, TemplateAssertionError, nodes
from jinja2.visitor import NodeTransformer

PREFIX = "rows:"
_SKELETON = "web/lists/_rows.html"
_CALLED = "{{{{ added['{0}'][0](row, added['{0}'][1].get(row.id)) }}}}"
_TEXT = "<td>{{{{ added['{0}'][1].get(row.id) }}}}</td>"
_VALUE = "{{% set value = added['{0}'][1].get(row.id) %}}"
_OF_ITS_TEMPLATE = (nodes.FromImport, nodes.Import, nodes.Assign, nodes.AssignBlock, nodes.Include)
Parse = Callable[[str], nodes.Template]


def name_of(cells: str, keys: list[str]) -> str:
    return f"{PREFIX}{cells}#{','.join(keys)}"


def compose(environment: Environment, name: str, parse: Parse) -> nodes.Template:
    """The template that `name` stands for; `parse` reads the one of a plain name."""
    cells, _hash, keys = name.removeprefix(PREFIX).partition("#")
    source = parse(cells)
    macros = {node.name: node for node in source.find_all(nodes.Macro)}
    drawn: list[nodes.Node] = []
    for key in keys.split(","):
        if key.startswith("="):
            drawn += environment.parse(_TEXT.format(key[1:])).body
        elif key.startswith("+"):
            drawn += _added(environment, *key[1:].partition("=")[::2], parse)
        elif key in macros:
            drawn.append(nodes.Scope(_body(macros[key], cells)))
        else:
            message = f"{cells} has no macro for column {key}"
            raise TemplateAssertionError(message, 1, cells)
    made = parse(_SKELETON)
    for node in made.find_all(nodes.For):
        if any(_is_place(child) for child in node.body):
            node.body = [part for child in node.body for part in (drawn if _is_place(child) else [child])]
            node.body[:0] = _asked_once(node, "row")
    made.body[:0] = [*source.find_all((nodes.FromImport, nodes.Import)), *_asked_once(made, "look")]
    made.set_environment(environment)
    return made


def _added(environment: Environment, key: str, cells: str, parse: Parse) -> list[nodes.Node]:
    macro = _alone(parse(cells), key) if cells else None
    if macro is None:
        return environment.parse(_CALLED.format(key)).body
    return [nodes.Scope([*environment.parse(_VALUE.format(key)).body, *macro.body])]


def _alone(source: nodes.Template, key: str) -> nodes.Macro | None:
    """The macro, where it needs nothing of its own template and no texts of its owner."""
    if any(source.find_all(_OF_ITS_TEMPLATE)):
        return None
    found = [macro for macro in source.find_all(nodes.Macro) if macro.name == key]
    if len(found) != 1 or [argument.name for argument in found[0].args] != ["row", "value"]:
        return None
    known = {"row", "value", *(name.name for name in found[0].find_all(nodes.Name) if name.ctx == "store")}
    used = {name.name for body in found[0].body for name in _names(body)}
    return found[0] if used <= known else None


def _once(record: str, key: str) -> str:
    return f"{record}__{key}"


class _Renaming(NodeTransformer):
    """`record.key` as a name of its own; `keys` are those that were met."""

    def __init__(self, record: str) -> None:
        self.record = record
        self.keys: dict[str, None] = {}

    def visit_Getattr(self, node: nodes.Getattr) -> nodes.Node:  # noqa: N802  Jinja's name
        if isinstance(node.node, nodes.Name) and node.node.name == self.record:
            self.keys[node.attr] = None
            return nodes.Name(_once(self.record, node.attr), "load", lineno=node.lineno)
        return self.generic_visit(node)


def _asked_once(inside: nodes.Node, record: str) -> list[nodes.Node]:
    """Assignments to stand before what is `inside`, which reads their names then: a row asks some forty times."""
    renaming = _Renaming(record)
    renaming.generic_visit(inside)
    return [
        nodes.Assign(nodes.Name(_once(record, key), "store"), nodes.Getattr(nodes.Name(record, "load"), key, "load"))
        for key in renaming.keys
    ]


def _names(node: nodes.Node) -> list[nodes.Name]:
    return [*node.find_all(nodes.Name), *([node] if isinstance(node, nodes.Name) else [])]


def _is_place(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Block) and node.name == "cells"


def _body(macro: nodes.Macro, cells: str) -> list[nodes.Node]:
    if [argument.name for argument in macro.args] != ["row", "look"]:
        message = f"the macro of column {macro.name} takes (row, look)"
        raise TemplateAssertionError(message, macro.lineno, cells)
    return macro.body
