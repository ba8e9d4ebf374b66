"""Loading plugins, their states, and the one set of enabled names that routes, hooks, jobs and permissions read."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pluggy
from sqlalchemy import Table, select
from sqlalchemy.orm import DeclarativeBase

from platform_core import __version__
from platform_core.contracts.plugin import PluginInfo
from platform_core.kernel import counters, i18n
from platform_core.kernel.database import Database
from platform_core.kernel.models import PluginState
from platform_core.plugins import catalogue, discovery, hookspecs
from platform_core.plugins.declarations import Declarations
from platform_core.plugins.registry import DeclarationError
from platform_core.settings import Settings

_log = logging.getLogger(__name__)
VERSION_COUNTER = "plugins"
DECLARED_HOOKS = (
    "entities", "customer_references", "permissions", "default_grants", "routes", "api", "navigation", "settings",
    "jobs", "commands", "listeners", "reports", "slots",
    "template_helpers", "import_targets", "ports", "dictionaries", "search_sources", "audit_words", "demo_data",
)  # fmt: skip


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
    faults: list[str] = field(default_factory=list)
    """Latest hook faults, newest last; at most twenty."""

    @property
    def folder(self) -> Path:
        assert self.info is not None
        spec = importlib.util.find_spec(self.info.package)
        assert spec is not None
        assert spec.submodule_search_locations is not None
        return Path(next(iter(spec.submodule_search_locations)))


class PluginManager:
    """Holds every installed plugin of this process. `enabled` is replaced as a whole, so reading it needs no lock."""

    def __init__(self, settings: Settings, builtins: Sequence[str]) -> None:
        self.settings = settings
        self.pm = pluggy.PluginManager("baton")
        self.pm.add_hookspecs(hookspecs)
        self.plugins: dict[str, Plugin] = {}
        self.enabled: frozenset[str] = frozenset()
        self.absent: dict[str, catalogue.Absent] = {}
        """Plugins that left something in the database and are not installed here."""
        self.version = -1
        self.declared = Declarations(lambda: self.enabled)
        self._builtins = builtins

    def load(self) -> None:
        """Import and register everything. Built-in parts must load; a plugin's failure becomes its state."""
        for module_name in self._builtins:
            module = importlib.import_module(module_name)
            plugin = Plugin(module_name.rsplit(".", 2)[1], builtin=True, version=__version__)
            self._register(plugin, module)
            self.plugins[plugin.name] = plugin
        for candidate in discovery.find(__version__):
            allowed = self.settings.allowed_plugins
            if allowed is not None and candidate.name not in allowed:
                continue
            plugin = Plugin(candidate.name, version=candidate.version, requires=candidate.requires)
            self.plugins[candidate.name] = plugin
            self._load_candidate(plugin, candidate)
        self.enabled = frozenset(name for name, plugin in self.plugins.items() if plugin.builtin)

    def _load_candidate(self, plugin: Plugin, candidate: discovery.Candidate) -> None:
        missing = sorted(plugin.requires - {name for name, other in self.plugins.items() if other.module})
        if candidate.problem or missing:
            self.fail(plugin, "incompatible", candidate.problem or f"needs {', '.join(missing)}")
            return
        before = set(sys.modules)
        try:
            module = candidate.entry_point.load()
            self._register(plugin, module)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            for name in set(sys.modules) - before:
                if name.startswith("baton_plugins."):
                    sys.modules.pop(name)
            self.fail(plugin, "broken", f"{type(error).__name__}: {error}")
            if self.settings.strict_plugins:
                raise

    def fail(self, plugin: Plugin, state: str, reason: str) -> None:
        plugin.state, plugin.reason = state, reason
        _log.error("plugin %s is %s: %s", plugin.name, state, reason)
        if plugin.module is not None and self.pm.is_registered(plugin.module):
            self.pm.unregister(plugin.module)
            self.declared.drop(plugin.name)
        self.enabled -= {plugin.name}
        if self.settings.strict_plugins and state == "incompatible":
            raise DeclarationError(f"{plugin.name}: {reason}")

    def _register(self, plugin: Plugin, module: ModuleType) -> None:
        unknown = sorted(
            name for name, _ in inspect.getmembers(module, callable)
            if name.startswith("baton_") and not hasattr(hookspecs, name)
        )  # fmt: skip
        if unknown:
            message = f"unknown hooks: {', '.join(unknown)}"
            raise DeclarationError(message)
        info = module.baton_plugin_info() if hasattr(module, "baton_plugin_info") else None
        if not isinstance(info, PluginInfo) or info.name != plugin.name:
            message = f"baton_plugin_info must return a PluginInfo named {plugin.name!r}"
            raise DeclarationError(message)
        plugin.info = info
        plugin.module = module
        declared = {
            hook: getattr(module, f"baton_{hook}")() for hook in DECLARED_HOOKS if hasattr(module, f"baton_{hook}")
        }
        self.declared.add(plugin.name, info.package, declared, tables_of(info.package))
        self.pm.register(module, plugin.name)
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

    def follow(self, database: Database) -> bool:
        """Adopt the states in the database if they changed. Returns whether anything did."""
        with database.system_session("follow plugin states", write=False) as session:
            version = counters.read(session, VERSION_COUNTER)
            if version == self.version:
                return False
            rows = {row.name: row.enabled for row in session.scalars(select(PluginState))}
            self.absent = catalogue.absent(session, self.plugins)
        enabled = set()
        for name, plugin in self.plugins.items():
            if plugin.state in {"incompatible", "broken", "unmigrated"}:
                continue
            on = plugin.builtin or (rows.get(name, True) and plugin.requires <= self.plugins.keys())
            plugin.state = "enabled" if on else "disabled"
            if on:
                enabled.add(name)
        for name in sorted(enabled):
            if not self.plugins[name].requires <= enabled:
                enabled.discard(name)
                self.plugins[name].state = "disabled"
        self.enabled = frozenset(enabled)
        self.version = version
        return True

    def owner_of(self, cls: type[Any]) -> str | None:
        """Which plugin a class belongs to, by its module."""
        for name, plugin in self.plugins.items():
            if plugin.info and (cls.__module__ + ".").startswith(plugin.info.package + "."):
                return name
        return None


def tables_of(package: str) -> list[Table]:
    """The tables mapped on the declarative base of a package's models module, wherever in the package they stand."""
    name = f"{package}.models"
    if importlib.util.find_spec(name) is None:
        return []
    module = importlib.import_module(name)
    bases = [
        member
        for _, member in inspect.getmembers(module, inspect.isclass)
        if issubclass(member, DeclarativeBase) and member.__module__ == name and not hasattr(member, "__table__")
    ]
    tables = [mapper.local_table for base in bases for mapper in base.registry.mappers]
    return sorted((table for table in tables if isinstance(table, Table)), key=lambda table: table.name)
