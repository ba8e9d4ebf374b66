"""The registries, one per kind of declaration, and the checks every declaration passes at load."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import click
from sqlalchemy import Table

from platform_core.contracts.demo import DemoData
from platform_core.contracts.entities import CustomerReference, Entity, SearchSource
from platform_core.contracts.events import Job, Listener
from platform_core.contracts.identity import Permission
from platform_core.contracts.importing import ImportTarget
from platform_core.contracts.pages import NavItem, Slot, TemplateHelper
from platform_core.contracts.plugin import AuditWords, Dictionary, Routes, Setting
from platform_core.contracts.ports import Port, Provider
from platform_core.contracts.reports import Report
from platform_core.kernel import scope
from platform_core.plugins.registry import DeclarationError, Registry

# Core packages own tables under their own names; every plugin's tables start with the plugin's name.
_EXPECTED: dict[str, type[Any]] = {
    "entities": Entity,
    "customer_references": CustomerReference,
    "permissions": Permission,
    "routes": Routes,
    "api": Routes,
    "navigation": NavItem,
    "slots": Slot,
    "template_helpers": TemplateHelper,
    "settings": Setting,
    "jobs": Job,
    "commands": click.Command,
    "listeners": Listener,
    "ports": Provider,
    "dictionaries": Dictionary,
    "search_sources": SearchSource,
    "reports": Report,
    "import_targets": ImportTarget,
    "audit_words": AuditWords,
    "demo_data": DemoData,
}


def _route_key(routes: Routes) -> str:
    """Owners may share a path such as `/`; that two handlers do not collide shows when they are mounted."""
    return f"{routes.path} {routes.handlers[0].name if routes.handlers else ''}"


def _command_key(command: click.Command) -> str:
    """Each owner has a group of its own, so two owners may use the same word."""
    return f"{getattr(command.callback, '__module__', '')} {command.name}"


class Declarations:
    """Typed registries over all loaded plugins."""

    def __init__(self, enabled: Callable[[], frozenset[str]]) -> None:
        self.entities: Registry[Entity] = Registry("entity", lambda item: item.model.__name__, enabled)
        self.customer_references: Registry[CustomerReference] = Registry(
            "customer reference", lambda item: f"{item.model.__tablename__}.{item.column}", enabled
        )
        self.permissions: Registry[Permission] = Registry("permission", lambda item: item.name, enabled)
        self.routes: Registry[Routes] = Registry("routes", _route_key, enabled)
        self.api: Registry[Routes] = Registry("API routes", _route_key, enabled)
        self.navigation: Registry[NavItem] = Registry("navigation item", lambda item: item.key, enabled)
        self.slots: Registry[Slot] = Registry("slot", lambda item: f"{item.place} {item.template}", enabled)
        self.template_helpers: Registry[TemplateHelper] = Registry("template helper", lambda item: item.name, enabled)
        self.settings: Registry[Setting[Any]] = Registry("setting", lambda item: item.key, enabled)
        self.jobs: Registry[Job] = Registry("job", lambda item: item.name, enabled)
        self.commands: Registry[click.Command] = Registry("command", _command_key, enabled)
        self.listeners: Registry[Listener] = Registry(
            "listener", lambda item: f"{item.event}>{item.handle.__module__}.{item.handle.__qualname__}", enabled
        )
        self.ports: Registry[Provider[Any]] = Registry("port", lambda item: item.port.name, enabled)
        self.dictionaries: Registry[Dictionary] = Registry("dictionary", lambda item: item.name, enabled)
        self.search_sources: Registry[SearchSource] = Registry("search source", lambda item: item.key, enabled)
        self.reports: Registry[Report] = Registry("report", lambda item: item.key, enabled)
        self.import_targets: Registry[ImportTarget] = Registry("import target", lambda item: item.key, enabled)
        self.audit_words: Registry[AuditWords] = Registry("audit words", lambda item: item.owner, enabled)
        self.demo_data: Registry[DemoData] = Registry("demo data", lambda item: item.load.__module__, enabled)
        self.default_grants: dict[str, dict[str, dict[str, str]]] = {}
        """owner -> role code -> permission -> scope name"""
        self.tables: dict[str, list[Table]] = {}

    def _registries(self) -> dict[str, Registry[Any]]:
        return {name: getattr(self, name) for name in _EXPECTED}

    def add(self, owner: str, package: str, declared: Mapping[str, Any], tables: list[Table]) -> None:
        """Check everything first, then add everything: a refused plugin leaves nothing behind."""
        registries = self._registries()
        for kind, values in declared.items():
            if kind == "default_grants":
                continue
            for value in values:
                if not isinstance(value, _EXPECTED[kind]):
                    message = f"baton_{kind} returned {value!r}, expected {_EXPECTED[kind].__name__}"
                    raise DeclarationError(message)
            registries[kind].check(owner, values)
        _check_names(owner, declared)
        _check_tables(owner, declared.get("entities", ()), tables)
        for kind, values in declared.items():
            if kind != "default_grants":
                registries[kind].add(owner, values)
        self.default_grants[owner] = dict(declared.get("default_grants", {}))
        self.tables[owner] = tables
        for entity in declared.get("entities", ()):
            if entity.policy is not None:
                scope.protect(entity.model, entity.policy)

    def drop(self, owner: str) -> None:
        for registry in self._registries().values():
            registry.drop(owner)
        self.default_grants.pop(owner, None)

    def provider(self, port: Port[Any]) -> Any:
        """The service behind a port, or its null version."""
        found = self.ports.get(port.name)
        return found.service if found else port.null


def _check_names(owner: str, declared: Mapping[str, Any]) -> None:
    """What is spoken of beyond the plugin begins with its name, so that nobody takes a name away from another."""
    for kind, mark, names in (
        ("permission", ".", [item.name for item in declared.get("permissions", ())]),
        ("job", ".", [item.name for item in declared.get("jobs", ())]),
        ("report", ".", [item.key for item in declared.get("reports", ())]),
        ("import target", ".", [item.key for item in declared.get("import_targets", ())]),
        ("setting", ".", [item.key for item in declared.get("settings", ())]),
        ("template of a slot", "/", [item.template for item in declared.get("slots", ())]),
        ("template helper", "_", [item.name for item in declared.get("template_helpers", ())]),
        ("audited action", ".", [name for item in declared.get("audit_words", ()) for name in item.actions]),
    ):
        for name in names:
            if not name.startswith(owner + mark):
                message = f"{kind} {name!r} must start with {owner + mark!r}"
                raise DeclarationError(message)


def _check_tables(owner: str, entities: Any, tables: list[Table]) -> None:
    declared = {entity.model.__table__ for entity in entities}
    for table in tables:
        if not table.name.startswith(f"{owner}_"):
            message = f"table {table.name!r} must start with {owner + '_'!r}"
            raise DeclarationError(message)
        if table not in declared:
            message = f"table {table.name!r} is not declared in baton_entities"
            raise DeclarationError(message)
        table.info["owner"] = owner
