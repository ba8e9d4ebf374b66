"""Themes: where they come from, whether they are sound, and which one a page wears.

A theme is a folder with theme.toml, theme.css and perhaps templates/<owner>/<file>. It comes from the platform's own
`themes/`, from a folder of the deployment (BATON_THEMES), from a plugin's package (its folder `themes/`), or from any
installed package (entry-point group `baton.themes`, which names the package that is the folder). One that is not sound
is kept with its reason and worn by nobody.
"""

from __future__ import annotations

import hashlib
import importlib.util
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Literal

import msgspec
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version
from sqlalchemy import select
from sqlalchemy.orm import Session

from platform_core import __version__
from platform_core.kernel.i18n import language
from platform_core.kernel.models import SettingValue
from platform_core.web.assets import minify_css, with_auto_scheme
from platform_core.web.themecss import OWN, CssError, declarations

GROUP = "baton.themes"
DEFAULT = "default"
"""Its style sheet is part of app.css, so that whatever another theme leaves out is there."""
SETTING = "web.themes"
"""Row of core_setting with the house's choice; see House."""
_NAME = re.compile(r"[a-z][a-z0-9_]{1,30}")
_AT = re.compile(r"\$\.?(\w+)")
_DECLARED = re.compile(r"(?<![\w-])(--[a-z][a-z0-9-]*)\s*:")
_LARGEST_CSS = 32 * 1024
_WEB = Path(__file__).resolve().parent
OURS = next(path for path in (_WEB.parent / "themes", _WEB.parents[1] / "themes") if path.exists())
"""The platform's own themes: inside the package where it is installed, beside it in a checkout."""


class _File(msgspec.Struct, forbid_unknown_fields=True):
    """theme.toml. `requires` is the range of platform versions it was made for, as packaging writes it."""

    name: dict[str, str]
    version: str
    requires: str
    description: dict[str, str] = {}
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")


@dataclass(frozen=True, slots=True)
class Theme:
    """One theme as it was found."""

    name: str
    folder: Path
    owner: str = ""
    """A plugin's name: worn only while that plugin is switched on."""
    origin: str = ""
    """Who ships it, for administrators: a distribution, a plugin or a folder."""
    labels: Mapping[str, str] = field(default_factory=dict)
    descriptions: Mapping[str, str] = field(default_factory=dict)
    version: str = ""
    schemes: tuple[str, ...] = ("light", "dark")
    css: str = ""
    digest: str = ""
    overrides: tuple[str, ...] = ()
    """Names of the templates it brings, as `customers/list.html`."""
    notes: tuple[str, ...] = ()
    """What its author should look at, though it can be worn."""
    problem: str = ""
    place: str = ""
    """File and line of the problem, as `themes/night/theme.css:12`."""

    @property
    def title(self) -> str:
        return self.labels.get(language()) or self.labels.get("en") or self.name

    @property
    def description(self) -> str:
        return self.descriptions.get(language()) or self.descriptions.get("en", "")

    @property
    def css_url(self) -> str:
        return f"/static/themes/{self.name}.css?v={self.digest}" if self.css and self.name != DEFAULT else ""

    @property
    def fault_owner(self) -> str:
        """Under which its faults are kept; no plugin can have this name."""
        return f"theme:{self.name}"

    def at(self, file: str, line: int = 0) -> str:
        """A place in it, without the folders that say where this machine keeps its packages."""
        place = f"{self.folder.parent.name}/{self.folder.name}/{file}"
        return f"{place}:{line}" if line else place

    def broken(self, problem: str, place: str) -> Theme:
        return replace(self, problem=problem, place=place)


@dataclass(frozen=True, slots=True)
class House:
    """What the administrators chose. No theme offered means all of them."""

    default: str = ""
    offered: frozenset[str] = frozenset()

    @classmethod
    def of(cls, stored: Any) -> House:
        """From the value of the setting; what does not look like one counts for nothing."""
        if not isinstance(stored, dict) or not isinstance(stored.get("offered", []), list):
            return cls()
        return cls(str(stored.get("default", "")), frozenset(map(str, stored.get("offered", []))))

    @property
    def stored(self) -> dict[str, Any]:
        return {"default": self.default, "offered": sorted(self.offered)}


@dataclass(frozen=True, slots=True)
class Source:
    """A theme's folder and who brings it."""

    folder: Path
    name: str
    owner: str = ""
    origin: str = ""


class Themes:
    """All themes of this process. They change with a restart only; which is worn is asked for each page."""

    def __init__(self, sources: Iterable[Source], fallback: str = DEFAULT) -> None:
        self.found: dict[str, Theme] = {}
        self.fallback = fallback
        self.enabled: Callable[[], frozenset[str]] = frozenset
        self.house = House()
        """As the last request read it, for pages that are drawn without a database."""
        for source in sources:
            theme = read(source)
            first = self.found.get(theme.name)
            if first is not None:
                both = f"{first.origin or first.folder.name} and {theme.origin or theme.folder.name}"
                self.found[theme.name] = first.broken(f"two themes call themselves {theme.name}: {both}", theme.at(""))
            else:
                self.found[theme.name] = theme

    def replace(self, theme: Theme) -> None:
        self.found[theme.name] = theme

    def sound(self) -> list[Theme]:
        """Those that can be worn now, the platform's own first."""
        enabled = self.enabled()
        usable = (item for item in self.found.values() if not item.problem)
        return [item for item in usable if not item.owner or item.owner in enabled]

    def offered(self, house: House) -> list[Theme]:
        """What people choose from: the house's own choice is always among them."""
        worn = self.pick("", house)
        return [item for item in self.sound() if not house.offered or item.name in house.offered or item == worn]

    def pick(self, wanted: str, house: House) -> Theme:
        """What somebody who asked for `wanted` wears: that, else the house's, else the deployment's, else ours."""
        enabled = self.enabled()
        free = not house.offered or wanted in house.offered or wanted == house.default
        for name in (wanted if free else "", house.default, self.fallback, DEFAULT):
            theme = self.found.get(name)
            if theme and not theme.problem and (not theme.owner or theme.owner in enabled):
                return theme
        return Theme(DEFAULT, Path())

    def problems(self) -> list[Theme]:
        return [item for item in self.found.values() if item.problem]


def house_of(session: Session) -> House:
    """The house's choice as stored now; where the statement that recognised the user brought it, without another."""
    if SETTING not in session.info:
        keep(session, session.scalar(select(SettingValue.value).where(SettingValue.key == SETTING)))
    known: House = session.info[SETTING]
    return known


def keep(session: Session, stored: Any) -> None:
    session.info[SETTING] = House.of(stored)


def sources(folders: Sequence[Path], plugins: Mapping[str, Path]) -> Iterator[Source]:
    """Every theme there is: of these folders, of these plugins' packages, of other installed packages."""
    for number, folder in enumerate(folders):
        origin = "" if number == 0 else folder.name
        yield from (Source(theme, theme.name, origin=origin) for theme in _in(folder))
    for plugin, package in plugins.items():
        yield from (Source(theme, theme.name, plugin, plugin) for theme in _in(package / "themes"))
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        origin = entry.dist.name if entry.dist else entry.value
        yield Source(_package(entry.module), entry.name, origin=origin)


def _in(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted({found.parent for pattern in ("theme.toml", "theme.css") for found in folder.glob(f"*/{pattern}")})


@lru_cache(maxsize=1)
def tokens() -> frozenset[str]:
    """Names of the custom properties that the design system reads; docs/themes.md says what each is for."""
    files = (_WEB / "static_src" / "css" / "tokens.css", OURS / DEFAULT / "theme.css")
    return frozenset(name for file in files for name in _DECLARED.findall(file.read_text("utf-8")))


def _package(module: str) -> Path:
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        spec = None
    places = list(spec.submodule_search_locations or ()) if spec else []
    return Path(places[0]) if places else Path(module)


def read(source: Source) -> Theme:
    """The theme in a folder; what is wrong with it is in its `problem`. Templates are looked at by Templates."""
    theme = Theme(source.name, source.folder, source.owner, source.origin)
    if not _NAME.fullmatch(source.name):
        return theme.broken(f"{source.name!r} is not a usable name for a theme", theme.at("theme.toml"))
    file = source.folder / "theme.toml"
    if not file.is_file():
        return theme.broken("it has no theme.toml", theme.at("theme.toml"))
    text = file.read_text("utf-8", errors="replace")
    try:
        described = msgspec.convert(tomllib.loads(text), _File)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        return theme.broken(f"theme.toml cannot be read: {error}", theme.at("theme.toml", int(line[1]) if line else 1))
    except msgspec.ValidationError as error:
        return theme.broken(f"theme.toml: {error}", theme.at("theme.toml", _line_of(text, str(error))))
    return _dressed(_described(theme, described, text))


def _line_of(text: str, message: str) -> int:
    named = _AT.search(message.partition(" - at `")[2]) or re.search(r"field `(\w+)`", message)
    lines = text.splitlines()
    return next((n for n, line in enumerate(lines, 1) if named and re.match(rf"\[?{named[1]}\b", line)), 1)


def _described(theme: Theme, file: _File, text: str) -> Theme:
    theme = replace(theme, labels=file.name, descriptions=file.description, version=file.version, schemes=file.schemes)
    at = theme.at("theme.toml", _line_of(text, "field `requires`"))
    try:
        fits = SpecifierSet(file.requires).contains(Version(__version__), prereleases=True)
    except InvalidSpecifier:
        return theme.broken(f"requires = {file.requires!r} is no range of versions", at)
    if not fits:
        return theme.broken(f"made for version {file.requires} of the platform, this is {__version__}", at)
    if not file.name.get("en"):
        return theme.broken("it has no name.en", theme.at("theme.toml", _line_of(text, "field `name`")))
    if not file.schemes:
        return theme.broken("it has no scheme", theme.at("theme.toml", _line_of(text, "field `schemes`")))
    return theme


def _dressed(theme: Theme) -> Theme:
    """With its style sheet, checked, and the names of its templates."""
    if theme.problem:
        return theme
    file = theme.folder / "theme.css"
    if not file.is_file():
        return theme.broken("it has no theme.css", theme.at("theme.css"))
    if file.stat().st_size > _LARGEST_CSS:
        return theme.broken(f"theme.css is larger than {_LARGEST_CSS // 1024} kB", theme.at("theme.css"))
    text = file.read_text("utf-8", errors="replace")
    try:
        found = declarations(text)
    except CssError as error:
        return theme.broken(f"theme.css: {error}", theme.at("theme.css", error.line))
    notes = [
        f"{theme.at('theme.css', item.line)}: nothing reads {item.name}"
        for item in found
        if item.name not in tokens() and not item.name.startswith(OWN)
    ]
    css = minify_css(with_auto_scheme(text))
    templates = theme.folder / "templates"
    names = sorted(path.relative_to(templates).as_posix() for path in templates.rglob("*") if path.is_file())
    return replace(
        theme, css=css, digest=hashlib.sha256(css.encode()).hexdigest()[:12], overrides=tuple(names), notes=tuple(notes)
    )
