"""Loading plugins, their states, and the one set of enabled names that routes, hooks, jobs and permissions read."""

from __future__ import annotations

import importlib
import importlib.util
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pluggy
from sqlalchemy import select
from sqlalchemy.orm import Session

from platform_core import __version__
from platform_core.contracts.plugin import PluginInfo
from platform_core.kernel import counters, i18n
from platform_core.kernel.database import Database
from platform_core.kernel.models import PluginState
from platform_core.plugins import catalogue, discovery, hookspecs, places
from platform_core.plugins.checks import Traces, check_hooks, declared_by, forget, place_of_hook, tables_of
from platform_core.plugins.declarations import Declarations
from platform_core.plugins.faults import FaultBook
from platform_core.plugins.places import PluginError
from platform_core.plugins.registry import DeclarationError
from platform_core.settings import Settings

_log = logging.getLogger(__name__)
VERSION_COUNTER = "plugins"


STOPPED = frozenset({"found", "incompatible", "broken", "unmigrated"})
"""States that no switch changes."""
RESERVED = frozenset({"core", "kernel", "platform", "baton", "static", "api"})
"""Names that are not packages of the core and yet not for a plugin: tables, paths and catalogues begin with them."""
_LOADING_SECONDS = 10.0


@dataclass(slots=True)
class Plugin:
    """One plugin and how it fares. States: found, incompatible, broken, unmigrated, enabled, disabled."""

    name: str
    module: ModuleType | None = None
    info: PluginInfo | None = None
    version: str = ""
    requires: frozenset[str] = frozenset()
    builtin: bool = False
    state: str = "found"
    reason: str = ""
    place: str = ""
    """File and line of what is wrong, as `baton_plugins/loyalty/plugin.py:12`."""
    metadata: dict[str, str] = field(default_factory=dict)
    """`distribution`, `author`, `home`, `license`, as far as its packaging says."""

    @property
    def folder(self) -> Path:
        assert self.info is not None
        spec = importlib.util.find_spec(self.info.package)
        assert spec is not None
        assert spec.submodule_search_locations is not None
        return Path(next(iter(spec.submodule_search_locations)))

    @property
    def package(self) -> str:
        return self.info.package if self.info else f"baton_plugins.{self.name}"


class PluginManager:
    """Holds every installed plugin of this process. `enabled` is replaced as a whole, so reading it needs no lock."""

    def __init__(self, settings: Settings, builtins: Sequence[str]) -> None:
        self.settings = settings
        self.pm = pluggy.PluginManager("baton")
        self.pm.add_hookspecs(hookspecs)
        self.plugins: dict[str, Plugin] = {}
        self.enabled: frozenset[str] = frozenset()
        self.absent: dict[str, catalogue.Absent] = {}
        self.remembered: dict[str, catalogue.Absent] = {}
        """All that the database knows of plugins, those that run and those that cannot included."""
        """Plugins that left something in the database and are not installed here."""
        self.behind: Callable[[Session], Mapping[str, tuple[str, str, str]]] = lambda _session: {}
        """Plugins whose tables do not fit their code: state, reason, and where a migration failed."""
        self._waiting: set[str] = set()
        self.version = -1
        self._stale = False
        """Something was set aside since the states were adopted."""
        self.declared = Declarations(lambda: self.enabled)
        self.faults = FaultBook(lambda name: self.plugins[name].package if name in self.plugins else name)
        self._builtins = builtins

    def load(self) -> None:
        """Import and register everything. Built-in parts must load; a plugin's failure becomes its state."""
        names = {module_name: module_name.rsplit(".", 2)[1] for module_name in self._builtins}
        self.declared.owners = self.declared.builtins = frozenset(names.values())
        for module_name, name in names.items():
            module = importlib.import_module(module_name)
            plugin = Plugin(name, builtin=True, version=__version__)
            self.plugins[plugin.name] = plugin
            self._register(plugin, module)
        candidates = discovery.find(__version__, RESERVED | self.plugins.keys())
        self.declared.owners |= {candidate.name for candidate in candidates}
        for candidate in candidates:
            plugin = Plugin(
                candidate.name, version=candidate.version, requires=candidate.requires, metadata=candidate.metadata
            )
            self.plugins[candidate.name] = plugin
            allowed = self.settings.allowed_plugins
            if allowed is not None and candidate.name not in allowed:
                plugin.reason = "BATON_PLUGINS does not name it"
                continue
            self._load_candidate(plugin, candidate)
        self.enabled = frozenset(name for name, plugin in self.plugins.items() if plugin.builtin)

    def _load_candidate(self, plugin: Plugin, candidate: discovery.Candidate) -> None:
        missing = sorted(plugin.requires - {name for name, other in self.plugins.items() if other.module})
        if candidate.problem or missing:
            needed = f"Requires-Dist: baton-{missing[0].replace('_', '-')}" if missing else ""
            place = candidate.place or places.of_metadata(candidate.entry_point.dist, "METADATA", needed)
            self.fail(plugin, "incompatible", candidate.problem or f"needs {', '.join(missing)}", place)
            return
        traces = Traces(candidate.package)
        patient = threading.Timer(
            _LOADING_SECONDS, _log.warning, ("plugin %s has been loading for %.0f s", plugin.name, _LOADING_SECONDS)
        )
        patient.daemon = True
        patient.start()
        try:
            module = candidate.entry_point.load()
            traces.check()
            self._register(plugin, module)
            traces.check()
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            traces.remove()
            place = getattr(error, "place", "") or places.of_error(error, candidate.package)
            self.fail(plugin, "broken", f"{type(error).__name__}: {error}", place, error)
        finally:
            patient.cancel()

    def fail(
        self, plugin: Plugin, state: str, reason: str, place: str = "", error: BaseException | None = None
    ) -> None:
        """Set a plugin aside: nothing of it stays registered. Raises PluginError in strict mode, unless unmigrated."""
        reason = " ".join(reason.split())
        plugin.state, plugin.reason, plugin.place = state, reason, place
        where = f" ({place})" if place else ""
        told = f"plugin {plugin.name} is {state}: {reason}{where}"
        _log.error("%s", told)
        if plugin.module is not None and self.pm.is_registered(plugin.module):
            self.pm.unregister(plugin.module)
        tables = self.declared.tables.get(plugin.name, [])
        self.declared.drop(plugin.name)
        if state != "unmigrated":
            if plugin.module is not None:
                forget(plugin.package, tables)
            plugin.module = None
        self.enabled -= {plugin.name}
        self._stale = True
        if self.settings.strict_plugins and state != "unmigrated":
            raise PluginError(told) from error

    def fault(self, owner: str, kind: str, name: str, error: BaseException | str) -> None:
        """Note that a piece of a running plugin failed. Raises PluginError in strict mode."""
        found = self.faults.note(owner, kind, name, error)
        if self.settings.strict_plugins:
            raise PluginError(f"plugin {owner}: {found}") from (error if isinstance(error, BaseException) else None)

    def _register(self, plugin: Plugin, module: ModuleType) -> None:
        check_hooks(module)
        info = module.baton_plugin_info() if hasattr(module, "baton_plugin_info") else None
        if not isinstance(info, PluginInfo) or info.name != plugin.name:
            message = f"baton_plugin_info must return a PluginInfo named {plugin.name!r}"
            place = places.of_object(getattr(module, "baton_plugin_info", module), module.__name__.rpartition(".")[0])
            raise DeclarationError(message, place)
        self._check_package(plugin, info, module)
        plugin.info = info
        declared = {}
        for kind in self.declared.kinds():
            hook = getattr(module, f"baton_{kind}", None)
            if hook is not None:
                declared[kind] = declared_by(hook, info.package)
        tables = tables_of(info.package)
        try:
            self.declared.add(plugin.name, declared, tables)
        except DeclarationError as error:
            error.place = error.place or places.of_object(getattr(module, error.hook, None), info.package)
            raise
        try:
            self.pm.register(module, plugin.name)
        except pluggy.PluginValidationError as error:
            self.pm.unregister(name=plugin.name)
            self.declared.drop(plugin.name)
            raise DeclarationError(str(error).strip(), place_of_hook(error, module, info.package)) from error
        plugin.module = module
        plugin.state = "disabled"
        i18n.load_catalogue(plugin.name, plugin.folder / "locale")

    def remember(self, database: Database) -> list[str]:
        """Write down what the plugins declare, for when they are gone. Returns those whose declarations are new."""
        loaded = {
            name: (plugin.info.title, plugin.version)
            for name, plugin in self.plugins.items()
            if plugin.info and not plugin.builtin and plugin.state in {"enabled", "disabled"}
        }
        with database.system_session("remember what plugins declare") as session:
            return catalogue.keep(session, self.declared, loaded)

    @staticmethod
    def _check_package(plugin: Plugin, info: PluginInfo, module: ModuleType) -> None:
        """Templates, catalogue and migrations are taken from there: a plugin may not name another's."""
        if not plugin.builtin and not (module.__name__ + ".").startswith(f"{info.package}."):
            message = f"baton_plugin_info names the package {info.package!r}, but {module.__name__!r} is not in it"
            raise DeclarationError(message, places.of_object(module.baton_plugin_info, info.package))

    def _waits(self, plugin: Plugin, misfit: tuple[str, str, str] | None) -> bool:
        """Whether its tables and its code do not fit. It stays loaded: once they fit, it runs without a restart."""
        if plugin.state in {"enabled", "disabled"} and misfit:
            self._waiting.add(plugin.name)
            _log.warning("plugin %s is %s: %s", plugin.name, *misfit[:2])
        if plugin.name in self._waiting:
            plugin.state, plugin.reason, plugin.place = misfit or ("disabled", "", "")
            if not misfit:
                self._waiting.discard(plugin.name)
        return misfit is not None

    def follow(self, database: Database) -> bool:
        """Adopt the states in the database if they changed. Returns whether anything did."""
        with database.system_session("follow plugin states", write=False) as session:
            version = counters.read(session, VERSION_COUNTER)
            if version == self.version and not self._stale:
                return False
            rows = {row.name: row.enabled for row in session.scalars(select(PluginState))}
            off = {name for name, enabled in rows.items() if not enabled}
            known = catalogue.everything(session)
            here = {name for name, item in self.plugins.items() if item.state != "found"}
            self.absent = catalogue.among(session, known, here, off)
            behind = self.behind(session)
        enabled = set()
        for name, plugin in self.plugins.items():
            if self._waits(plugin, behind.get(name)) or plugin.state in STOPPED:
                continue
            on = plugin.builtin or rows.get(name, True)
            plugin.state, plugin.reason = ("enabled" if on else "disabled"), ""
            if on:
                enabled.add(name)
        for name, plugin in self.plugins.items():  # in load order: what a plugin needs comes before it
            if name in enabled and not plugin.requires <= enabled:
                enabled.discard(name)
                plugin.state = "disabled"
                plugin.reason = f"needs {', '.join(sorted(plugin.requires - enabled))}"
        self.enabled = frozenset(enabled)
        silent = {name: replace(item, is_off=name in off) for name, item in known.items() if name not in enabled}
        self.remembered = {**known, **silent, **self.absent}
        self.version = version
        self._stale = False
        return True

    def entry(self, owner: str) -> tuple[str, ...]:
        """The rights of a plugin: whoever has none of them does not enter it. Empty for one that declares none.

        The core's packages are no modules of their own: their pages lead into each other.
        """
        if self.plugins[owner].builtin:
            return ()
        return tuple(item.value.name for item in self.declared.permissions.installed() if item.owner == owner)

    def owner_of(self, cls: type[Any]) -> str | None:
        """Which plugin a class belongs to, by its module."""
        for name, plugin in self.plugins.items():
            if plugin.info and (cls.__module__ + ".").startswith(plugin.info.package + "."):
                return name
        return None
