"""What can be seen of a plugin in its files, without a database. Each check returns findings, each a sentence."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from babel.messages.extract import extract
from babel.messages.pofile import read_po
from litestar import Request
from sqlalchemy.orm import Session

from platform_core.plugins import discovery, hookspecs
from platform_core.testing.checks import templates
from platform_core.web import pages

HEADINGS = ("What it adds", "Configuration", "Permissions", "Data")
LONGEST = {"plugin.py": 100, ".py": 400, ".html": 150}
LONGEST_FUNCTION = 60
_FACADES = ("platform_core.api", "platform_core.testing")
_KEYWORDS: dict[str, Any] = {
    "_": None, "gettext": None, "lazy": None, "noop": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2),
    "lazy_pgettext": ((1, "c"), 2), "npgettext": ((1, "c"), 2, 3),
}  # fmt: skip
_CLEAN = "import importlib, sys; importlib.import_module(sys.argv[1])"


@dataclass(frozen=True, slots=True)
class Subject:
    """A plugin as its files are."""

    name: str
    entry_point: EntryPoint

    @property
    def package(self) -> str:
        return self.entry_point.module.rpartition(".")[0]

    @property
    def module(self) -> ModuleType:
        loaded: ModuleType = self.entry_point.load()
        return loaded

    @property
    def folder(self) -> Path:
        file = self.module.__file__
        assert file is not None
        return Path(file).parent

    @property
    def readme(self) -> str:
        """Beside the package in a checkout, else the long description of what is installed."""
        beside = self.folder.parents[1] / "README.md"
        if beside.is_file():
            return beside.read_text("utf-8")
        payload = self.entry_point.dist.metadata.get_payload() if self.entry_point.dist else ""  # type: ignore[attr-defined]
        return str(payload)

    def files(self, *suffixes: str) -> Iterator[Path]:
        for path in sorted(self.folder.rglob("*")):
            if path.suffix in suffixes and path.is_file() and "__pycache__" not in path.parts:
                yield path

    def where(self, path: Path, line: int = 0) -> str:
        shown = path.relative_to(self.folder).as_posix()
        return f"{shown}:{line}" if line else shown


def subject(name: str) -> Subject:
    """Raises LookupError where no installed package brings such a plugin."""
    for entry_point in entry_points(group=discovery.GROUP, name=name):
        return Subject(name, entry_point)
    raise LookupError(f"no installed package has the entry point {name} in {discovery.GROUP}")


def imports(plugin: Subject) -> list[str]:
    """In a process of its own, warnings being errors; and of the platform only the façade, of others nothing."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", _CLEAN, plugin.entry_point.module], capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip
    found = [f"it cannot be imported alone: {done.stderr.strip().splitlines()[-1]}"] if done.returncode else []
    for path in plugin.files(".py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            for name in _imported(node):
                inside = any((name + ".").startswith(f"{facade}.") for facade in _FACADES)
                if (name + ".").startswith("platform_core.") and not inside:
                    found.append(f"{plugin.where(path, getattr(node, 'lineno', 0))}: imports {name} past the façade")
                if name.startswith("baton_plugins.") and not (name + ".").startswith(f"{plugin.package}."):
                    found.append(f"{plugin.where(path, getattr(node, 'lineno', 0))}: imports another plugin, {name}")
    return found


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        if node.module in {"platform_core", "baton_plugins"}:
            return [f"{node.module}.{alias.name}" for alias in node.names]
        return [node.module]
    return []


def hooks(plugin: Subject) -> list[str]:
    """Every hook is a known one, marked as one, and typed as its specification says."""
    found = []
    names = {"Request": Request, "Session": Session}
    for name, function in sorted(vars(plugin.module).items()):
        if not name.startswith("baton_") or not callable(function):
            continue
        spec = getattr(hookspecs, name, None)
        if spec is None:
            found.append(f"{name} is no hook")
            continue
        if not hasattr(function, "baton_impl"):
            found.append(f"{name} lacks @hookimpl")
        wanted = typing.get_type_hints(spec, {**vars(hookspecs), **names})
        try:
            given = typing.get_type_hints(function)
        except NameError as error:
            found.append(f"{name}: {error}; import the types of hooks for real")
            continue
        code = function.__code__
        for part in (*code.co_varnames[: code.co_argcount], "return"):
            if part not in wanted:
                found.append(f"{name} has no argument {part}")
            elif part not in given:
                found.append(f"{name}: {part} has no annotation")
            elif not fits(given[part], wanted[part]):
                found.append(f"{name}: {part} is {given[part]}, the specification says {wanted[part]}")
    return found


def fits(given: Any, wanted: Any) -> bool:
    """Whether a type may stand where another is specified: `list[Fact]` for `Sequence[Fact]`."""
    if Any in (given, wanted) or given == wanted:
        return True
    unions = (typing.Union, types.UnionType)
    if typing.get_origin(wanted) in unions:
        return any(fits(given, part) for part in typing.get_args(wanted))
    outer, expected = typing.get_origin(given) or given, typing.get_origin(wanted) or wanted
    if not (isinstance(outer, type) and isinstance(expected, type) and issubclass(outer, expected)):
        return False
    inner, parts = typing.get_args(given), typing.get_args(wanted)
    return not parts or (len(inner) == len(parts) and all(map(fits, inner, parts)))


def unused_files(plugin: Subject) -> list[str]:
    """Templates and static files that no code and no other template names; entries of catalogues without a use."""
    sources = {path: path.read_text("utf-8") for path in plugin.files(".py", ".html", ".toml")}
    found = []
    for folder in ("templates", "static"):
        for path in sorted((plugin.folder / folder).rglob("*")):
            name = path.relative_to(plugin.folder / folder).as_posix()
            # By its whole name, or by its stem where code puts the name together.
            wanted = (f"{plugin.name}/{name}" if folder == "templates" else name, f'"{path.stem}"')
            others = [text for other, text in sources.items() if other != path]
            if path.is_file() and not any(word in text for word in wanted for text in others):
                found.append(f"{plugin.where(path)} is used nowhere")
    found += [
        f"{plugin.where(path)}: catalogues are called zh_Hans.po"
        for path in sorted((plugin.folder / "locale").rglob("*"))
        if path.is_file() and path.name != "zh_Hans.po"
    ]
    catalogue, used = _catalogue(plugin), _messages(plugin)
    return found + [f"locale/zh_Hans.po: {message!r} is used nowhere" for message in catalogue if message not in used]


def untranslated(plugin: Subject) -> list[str]:
    """Words in templates that do not go through gettext, and messages without Chinese."""
    found = []
    for path in plugin.files(".html"):
        found += templates.check(plugin.where(path), path.read_text("utf-8"))
    catalogue = _catalogue(plugin)
    return found + [
        f"{place}: no Chinese for {message!r}"
        for message, place in _messages(plugin).items()
        if not catalogue.get(message, True if message in _shared() else "")
    ]


def _catalogue(plugin: Subject) -> dict[str, Any]:
    return _po(plugin.folder / "locale" / "zh_Hans.po")


def _shared() -> dict[str, Any]:
    return _po(Path(pages.__file__).parent / "locale" / "zh_Hans.po")


def _po(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    with path.open("rb") as file:
        return {_msgid(message.id): message.string for message in read_po(file, locale="zh_Hans") if message.id}


def _messages(plugin: Subject) -> dict[str, str]:
    """Message -> the place of its first use."""
    found: dict[str, str] = {}
    for path in plugin.files(".py", ".html"):
        method = "python" if path.suffix == ".py" else "jinja2.ext:babel_extract"
        options = {"trimmed": "true", "encoding": "utf-8", "silent": "false", "extensions": "jinja2.ext.do"}
        with path.open("rb") as file:
            for line, message, _comments, _context in extract(method, file, _KEYWORDS, options=options):
                found.setdefault(_msgid(message), plugin.where(path, line))
    return found


def _msgid(message: Any) -> str:
    return message if isinstance(message, str) else str(message[0])


def sizes(plugin: Subject) -> list[str]:
    """Everything can be read in one go."""
    found = []
    for path in plugin.files(".py", ".html"):
        text = path.read_text("utf-8")
        most = LONGEST.get(path.name, LONGEST[path.suffix])
        if text.count("\n") > most:
            found.append(f"{plugin.where(path)} has {text.count(chr(10))} lines, {most} are allowed")
        if path.suffix == ".py" and "migrations" not in path.parts:
            found += [
                f"{plugin.where(path, node.lineno)}: {node.name} is longer than {LONGEST_FUNCTION} lines"
                for node in ast.walk(ast.parse(text))
                if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION
            ]
    return found


def headings(plugin: Subject) -> list[str]:
    """The README answers the questions that everybody has."""
    there = re.findall(r"^## (.+?)\s*$", plugin.readme, re.MULTILINE)
    return [f"README.md lacks the heading `## {heading}`" for heading in HEADINGS if heading not in there]
