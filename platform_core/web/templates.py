"""Jinja: template names `<owner>/<file>`, texts in the owner's own gettext domain, a theme's templates before its."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import jinja2
import jinja2.nodes
from markupsafe import Markup
from sqlalchemy.exc import SQLAlchemyError

from platform_core.kernel.single import OneAtATime
from platform_core.plugins import places
from platform_core.plugins.hooks import PoisonedTransactionError
from platform_core.web import contexts, formats, marks, rowtemplates
from platform_core.web.themes import Theme, Themes


class OwnerLoader(jinja2.BaseLoader):
    """Finds `<owner>/<file>` in the theme's overrides, then in the owner's `templates/` folder.

    Globals are bound per template, so that `_` in a template means its owner's catalogue.
    """

    def __init__(self, folders: Mapping[str, Path], theme: Path | None) -> None:
        self._folders = folders
        self._theme = theme
        self._globals: dict[str, dict[str, Any]] = {}
        self._loaded: dict[str, jinja2.Template] = {}
        self._loading = OneAtATime()

    def get_source(self, environment: jinja2.Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        owner, rest = _split(template)
        original = owner == "core"
        if original:
            owner, rest = _split(rest)
        places = [self._folders[owner] / rest] if owner in self._folders else []
        if self._theme is not None and not original:
            places.insert(0, self._theme / owner / rest)
        for place in places:
            if place.is_file():
                return place.read_text(encoding="utf-8"), str(place), lambda: True
        raise jinja2.TemplateNotFound(template)

    def load(
        self,
        environment: jinja2.Environment,
        name: str,
        globals: MutableMapping[str, Any] | None = None,  # noqa: A002
    ) -> jinja2.Template:
        with self._loading.working_on(name):
            if name not in self._loaded:
                self._loaded[name] = self._load(environment, name, globals or {})
            return self._loaded[name]

    def _load(self, environment: jinja2.Environment, name: str, given: Mapping[str, Any]) -> jinja2.Template:
        owner = _split(name.removeprefix(rowtemplates.PREFIX).removeprefix("core/"))[0]
        if owner not in self._globals:
            self._globals[owner] = contexts.texts_of(owner)
        known = {**given, **self._globals[owner]}
        if not name.startswith(rowtemplates.PREFIX):
            return super().load(environment, name, known)
        cells = self.get_source(environment, name.removeprefix(rowtemplates.PREFIX).partition("#")[0])[1]
        composed = rowtemplates.compose(environment, name, partial(self._parse, environment))
        code = environment.compile(composed, name, cells)
        return environment.template_class.from_code(environment, code, known)

    def _parse(self, environment: jinja2.Environment, name: str) -> jinja2.nodes.Template:
        source, path, _is_current = self.get_source(environment, name)
        return environment.parse(source, name, path)


def _split(name: str) -> tuple[str, str]:
    """(owner, file); a name without an owner, such as `base.html`, is the web package's."""
    owner, slash, rest = name.partition("/")
    return (owner, rest) if slash else ("web", name)


class Templates:
    """Renders templates. StrictUndefined: a misspelt name is an error, not an empty space."""

    def __init__(self, folders: Mapping[str, Path], themes: Themes) -> None:
        self._folders = folders
        self.themes = themes
        self.on_fault: Callable[[Theme, str, Exception], None] = lambda _theme, _told, _error: None
        """Told of a theme's template that fails; may raise."""
        self._environments: dict[str, jinja2.Environment] = {}
        self._globals: dict[str, Any] = dict(marks.GLOBALS)
        for theme in list(themes.found.values()):
            if theme.overrides and not theme.problem:
                themes.replace(self._checked(theme))

    def add_global(self, name: str, value: Any) -> None:
        self._globals[name] = value
        for environment in self._environments.values():
            environment.globals[name] = value

    def load(self, name: str) -> None:
        """So that nobody waits for it later. Raises jinja2.TemplateError."""
        self._environment(None).get_template(name)

    def render(self, name: str, context: Mapping[str, Any], theme: str = "") -> str:
        """In what the theme makes of it; where the theme's own template fails, as the template's owner wrote it."""
        worn = self.themes.found.get(theme)
        if worn is None or worn.problem or not worn.overrides:
            return self._environment(None).get_template(name).render(context)
        try:
            return self._environment(worn).get_template(name).render(context)
        except (SQLAlchemyError, PoisonedTransactionError):
            raise  # of a plugin's piece in the page; the transaction is lost, whatever drew it
        except Exception as error:
            place = _place_in(worn, error)
            if not place:
                raise
            # Where this fails as well, the theme is not to blame.
            html = self._environment(None).get_template(name).render(context)
            telling = isinstance(error, (*places.TELLING, jinja2.TemplateError))
            words = f"{type(error).__name__}: {error}" if telling else type(error).__name__
            self.on_fault(worn, f"{words[:200]} ({place})", error)
            return html

    def markup(self, name: str, context: Mapping[str, Any], theme: str = "") -> Markup:
        """Rendered output for insertion into another template. Only our own autoescaping templates come this way."""
        return Markup(self.render(name, context, theme))  # noqa: S704

    def _checked(self, theme: Theme) -> Theme:
        """A template with a syntax error makes the theme a broken one; one that replaces nothing is told its author."""
        environment = self._environment(theme)
        notes = list(theme.notes)
        for name in theme.overrides:
            owner, rest = _split(name)
            file = f"templates/{name}"
            source = (theme.folder / file).read_text("utf-8", errors="replace")
            if owner in self._folders and not (self._folders[owner] / rest).is_file():
                notes.append(f"{theme.at(file)}: {owner} has no such template; only the theme's own reach it")
            try:
                environment.compile(source, name, str(theme.folder / file))
            except jinja2.TemplateSyntaxError as error:
                return theme.broken(f"{file}: {error.message}", theme.at(file, error.lineno))
        return replace(theme, notes=tuple(notes))

    def _environment(self, theme: Theme | None) -> jinja2.Environment:
        """One for each theme that has templates of its own, and one for all others."""
        key = theme.name if theme else ""
        if key not in self._environments:
            environment = contexts.QuickEnvironment(
                loader=OwnerLoader(self._folders, theme.folder / "templates" if theme else None),
                autoescape=True,
                undefined=jinja2.StrictUndefined,
                trim_blocks=True,
                lstrip_blocks=True,
                extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
                auto_reload=False,
                cache_size=-1,
            )
            environment.filters.update(formats.FILTERS)
            environment.globals.update(self._globals)
            self._environments[key] = environment
        return self._environments[key]


def _place_in(theme: Theme, error: BaseException) -> str:
    """The innermost line of the theme's templates on the error's way; empty where it had no part in it."""
    inside = str(theme.folder / "templates")
    if isinstance(error, jinja2.TemplateSyntaxError) and (error.filename or "").startswith(inside):
        return theme.at(f"templates/{Path(error.filename or '').relative_to(inside).as_posix()}", error.lineno)
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename.startswith(inside):
            return theme.at(f"templates/{Path(frame.filename).relative_to(inside).as_posix()}", frame.lineno or 1)
    return ""
