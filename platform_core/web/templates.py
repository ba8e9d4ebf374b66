"""Jinja: one environment per theme, template names `<owner>/<file>`, each owner's texts in its own gettext domain."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from functools import partial
from pathlib import Path
from typing import Any

import jinja2
import jinja2.nodes
from markupsafe import Markup

from platform_core.web import contexts, formats, marks, rowtemplates

_STATIC = Path(__file__).parent / "static"


class OwnerLoader(jinja2.BaseLoader):
    """Finds `<owner>/<file>` in the theme's overrides, then in the owner's `templates/` folder.

    Globals are bound per template, so that `_` in a template means its owner's catalogue.
    """

    def __init__(self, folders: Mapping[str, Path], theme: Path | None) -> None:
        self._folders = folders
        self._theme = theme
        self._globals: dict[str, dict[str, Any]] = {}

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
        owner = _split(name.removeprefix(rowtemplates.PREFIX).removeprefix("core/"))[0]
        if owner not in self._globals:
            self._globals[owner] = contexts.texts_of(owner)
        known = {**(globals or {}), **self._globals[owner]}
        if not name.startswith(rowtemplates.PREFIX):
            return super().load(environment, name, known)
        code = environment.compile(rowtemplates.compose(environment, name, partial(self._parse, environment)), name)
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

    def __init__(self, folders: Mapping[str, Path], themes: Path, default_theme: str) -> None:
        self._folders = folders
        self._themes = themes
        self._default = default_theme
        self._environments: dict[str, jinja2.Environment] = {}
        self._globals: dict[str, Any] = dict(marks.GLOBALS)

    def add_global(self, name: str, value: Any) -> None:
        self._globals[name] = value
        for environment in self._environments.values():
            environment.globals[name] = value

    def theme_names(self) -> list[str]:
        return sorted(path.parent.name for path in self._themes.glob("*/theme.toml"))

    def render(self, name: str, context: Mapping[str, Any], theme: str = "") -> str:
        return self._environment(theme or self._default).get_template(name).render(context)

    def markup(self, name: str, context: Mapping[str, Any], theme: str = "") -> Markup:
        """Rendered output for insertion into another template. Only our own autoescaping templates come this way."""
        return Markup(self.render(name, context, theme))  # noqa: S704

    def _environment(self, theme: str) -> jinja2.Environment:
        if theme not in self._environments:
            overrides = self._themes / theme / "templates"
            environment = jinja2.Environment(
                loader=OwnerLoader(self._folders, overrides if overrides.is_dir() else None),
                autoescape=True,
                undefined=jinja2.StrictUndefined,
                trim_blocks=True,
                lstrip_blocks=True,
                extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
                auto_reload=False,
                cache_size=-1,
            )
            environment.template_class = contexts.OwnTexts
            environment.context_class = contexts.QuickContext
            environment.filters.update(formats.FILTERS)
            environment.globals.update(self._globals)
            self._environments[theme] = environment
        return self._environments[theme]
