"""Catalogues: each owner's Chinese is complete, current, keeps its placeholders and is set with full-width punctuation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po

from tests.architecture.checks import files
from tests.architecture.checks.wording import HAN

SHARED = "platform_core/web"
"""A message that its owner's catalogue lacks is looked up here."""
LANGUAGE_FILE = "locale/zh_Hans.po"

_KEYWORDS: Mapping[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "lazy": None,
    "lazy_gettext": None,
    "noop": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "lazy_pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
_PLACES = re.compile(r"%\((\w+)\)[sdif]|%[sdif]|\{(\w*)\}")
_HALF_WIDTH = re.compile(rf"{HAN.pattern}\s?[,;:!?()]|[,;:!?()]\s?{HAN.pattern}|{HAN.pattern}\.(?:\s|$)")
_POLITE_YOU = "\u60a8"

Key = tuple[str, str]
"""Context ("" where there is none) and English message; of a plural, the singular."""


@dataclass(slots=True)
class Owner:
    """A package with a gettext domain of its own: a child of platform_core, or a plugin."""

    path: str
    used: dict[Key, str] = field(default_factory=dict)
    """Message -> `path:line` of its first use."""
    catalogue: Catalog = field(default_factory=Catalog)

    def translations(self) -> dict[Key, Message]:
        return {_key(message.context, message.id): message for message in self.catalogue if message.id}


def owners(root: Path = files.ROOT) -> list[Owner]:
    """All owners with their messages and catalogues. Loose modules of the core belong to the core's folder."""
    core = root / "platform_core"
    folders = [core, *sorted(core.iterdir()), *sorted(root.glob("plugins/*/baton_plugins/*"))]
    found = []
    for folder in folders:
        if folder.is_dir() and (folder / "__init__.py").exists():
            owner = Owner(folder.relative_to(root).as_posix())
            for path in _sources(folder, only_here=folder == core):
                _collect(owner, path, root)
            catalogue = folder / LANGUAGE_FILE
            if catalogue.exists():
                owner.catalogue = read_po(BytesIO(catalogue.read_bytes()), locale="zh_Hans")
            found.append(owner)
    return found


def check(found: Iterable[Owner]) -> list[str]:
    """Findings over all owners: missing, left over, and per message everything of `check_message`."""
    everyone = list(found)
    shared = next((owner.translations() for owner in everyone if owner.path == SHARED), {})
    used_somewhere = {key for owner in everyone for key in owner.used}
    findings = []
    for owner in everyone:
        own = owner.translations()
        for key, place in owner.used.items():
            if key not in own and key not in shared:
                findings.append(f"{place}: no Chinese for {key[1]!r} in {owner.path}/{LANGUAGE_FILE}")
        wanted = used_somewhere if owner.path == SHARED else owner.used.keys()
        file = f"{owner.path}/{LANGUAGE_FILE}"
        findings += [f"{file}: {key[1]!r} is used nowhere" for key in own if key not in wanted]
        findings += [f"{file}: obsolete entry {message}" for message in owner.catalogue.obsolete]
        for message in own.values():
            findings += [f"{file}: {what}" for what in check_message(message)]
    return findings


def check_message(message: Message) -> list[str]:
    """Findings about one translation."""
    english = message.id if isinstance(message.id, str) else message.id[-1]
    chinese = [message.string] if isinstance(message.string, str) else list(message.string or [""])
    if not all(chinese):
        return [f"{english!r} is not translated"]
    findings = [f"{english!r} is marked fuzzy"] if message.fuzzy else []
    for text in chinese:
        if _places(text) != _places(english):
            findings.append(f"{english!r}: {text!r} has other placeholders")
        punctuation = _HALF_WIDTH.search(_PLACES.sub("0", text))
        if punctuation:
            findings.append(f"{english!r}: half-width punctuation in {text!r} at {punctuation[0]!r}")
        if _POLITE_YOU in text:
            findings.append(f"{english!r}: {text!r} uses the polite form of address")
    return findings


def _places(text: str) -> list[str]:
    return sorted(match[0] for match in _PLACES.finditer(text.replace("%%", "")))


def _key(context: str | None, message: str | tuple[str, ...] | list[str]) -> Key:
    return context or "", message if isinstance(message, str) else message[0]


def _sources(folder: Path, *, only_here: bool) -> Iterator[Path]:
    """Python and HTML of an owner, without what lies in another one's folder."""
    if only_here:
        yield from sorted(folder.glob("*.py"))
        return
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".py", ".html"} and "tests" not in path.parts:
            yield path


def _collect(owner: Owner, path: Path, root: Path) -> None:
    method = "python" if path.suffix == ".py" else "jinja2.ext:babel_extract"
    options = {
        "trimmed": "true",
        "encoding": "utf-8",
        "silent": "false",
        "extensions": "jinja2.ext.do,jinja2.ext.loopcontrols",
    }
    with path.open("rb") as file:
        for line, message, _, context in extract(method, file, _KEYWORDS, options=options):
            owner.used.setdefault(_key(context, message), f"{path.relative_to(root).as_posix()}:{line}")
