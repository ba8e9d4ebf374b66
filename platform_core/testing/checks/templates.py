"""Templates: every word goes through gettext, and nothing in them needs more than the strict policy allows."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from jinja2 import Environment, nodes
from jinja2.exceptions import TemplateSyntaxError

_TAG = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
_LETTERS = re.compile(r"[^\W\d_]+")
_MARKED = re.compile("\ue000(\\d+)\ue001")  # stands for an output expression, by its number; no letters
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
# Outside any element stand parts of a tag: a macro's attributes, a class that a child template gives in a block.
_TAG_PARTS = re.compile(
    r"""[a-z][a-z-]*=(?:"[^"]*"|'[^']*')|\b(?:checked|disabled|hidden|open|readonly|required|selected)\b"""
)
_CLASS = re.compile(r"\s*[a-z][a-z0-9-]*\s*")
_SPOKEN = {
    "alt",
    "aria-description",
    "aria-label",
    "aria-placeholder",
    "aria-roledescription",
    "label",
    "placeholder",
    "title",
}
_NO_WORDS = {"kbd", "code", "samp", "script", "style"}
_TRANSLATORS = {"_", "gettext", "ngettext", "pgettext", "npgettext"}
_NOT_SHOWN = {"class", "class_", "classes", "cls", "id", "key", "name", "attrs"}
_environment = Environment(autoescape=True, extensions=["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols"])


def check(path: str, text: str) -> list[str]:
    """All rules of one template."""
    try:
        tree = _environment.parse(text)
    except TemplateSyntaxError as error:
        return [f"{path}:{error.lineno}: {error.message}"]
    outputs: list[str] = []

    def replace(match: re.Match[str]) -> str:
        found = match[0]
        newlines = "\n" * found.count("\n")
        if not found.startswith("{{"):
            return newlines
        outputs.append(found)
        return f"\ue000{len(outputs) - 1}\ue001{newlines}"

    page = _Page(path, outputs)
    page.feed(_TAG.sub(replace, text))
    page.close()
    return page.findings + _labels(path, tree)


class _Page(HTMLParser):
    """Walks the markup that remains when the expressions are taken out."""

    def __init__(self, path: str, outputs: list[str]) -> None:
        super().__init__(convert_charrefs=True)
        self.findings: list[str] = []
        self._path = path
        self._outputs = outputs
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._attributes(tag, attrs)
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._attributes(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass  # whatever was left open inside

    def handle_data(self, data: str) -> None:
        if not self._open:
            data = _TAG_PARTS.sub("", data)
            if _CLASS.fullmatch(data):
                return
        elif self._open[-1] in _NO_WORDS:
            return
        for match in _MARKED.finditer(data):
            for word in _shown_literals(self._outputs[int(match[1])]):
                self._find(f"{word!r} is shown without _()")
        letters = _LETTERS.search(data)
        if letters:
            self._find(f"text without _(): {' '.join(data.split())[:50]!r}")

    def _attributes(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {name for name, _ in attrs}
        if tag == "style" or (tag == "script" and "src" not in names and ("type", "application/json") not in attrs):
            self._find(f"inline <{tag}>: the policy blocks it")
        for name, value in attrs:
            self._attribute(name, value or "")

    def _attribute(self, name: str, value: str) -> None:
        if name == "style":
            self._find("style= is blocked by the policy: use a class")
        if name.startswith(("on", "hx-on")):
            self._find(f"{name}= is inline script: listen in a JS file")
        if name.removeprefix("data-").startswith("hx-trigger") and "[" in value:
            self._find("a filter in hx-trigger needs eval")
        if re.match(r"\s*(?:javascript|js):", value, re.IGNORECASE):
            self._find(f"{name}= runs script from an attribute")
        if name in _SPOKEN and _LETTERS.search(value):
            self._find(f"{name}={value!r} without _()")

    def _find(self, what: str) -> None:
        self.findings.append(f"{self._path}:{self.getpos()[0]}: {what}")


def _shown_literals(expression: str) -> list[str]:
    """Words in string constants that reach the page from `{{ expression }}`."""
    words: list[str] = []
    pending: list[nodes.Node] = list(_environment.parse(expression).find_all(nodes.Output))
    while pending:
        node = pending.pop()
        if isinstance(node, nodes.Const):
            if isinstance(node.value, str) and _LETTERS.search(node.value):
                words.append(node.value)
        elif isinstance(node, nodes.CondExpr):
            pending += [branch for branch in (node.expr1, node.expr2) if branch is not None]
        elif isinstance(node, nodes.Output | nodes.Or | nodes.And | nodes.Add | nodes.Concat):
            pending += node.iter_child_nodes()
    return words


def _labels(path: str, tree: nodes.Template) -> list[str]:
    """Constants that look like words for people, given to macros: `button("Save")`."""
    findings = []
    for call in tree.find_all(nodes.Call):
        if _called(call) in _TRANSLATORS:
            continue
        given = [*call.args, *(pair.value for pair in call.kwargs if pair.key not in _NOT_SHOWN)]
        findings += [
            f"{path}:{value.lineno}: {value.value!r} is passed without _()"
            for value in given
            if isinstance(value, nodes.Const)
            and isinstance(value.value, str)
            and re.search(r"^[A-Z][a-z]", value.value)
        ]
    return findings


def _called(call: nodes.Call) -> str:
    return call.node.name if isinstance(call.node, nodes.Name) else ""
