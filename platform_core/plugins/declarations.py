"""The registries, one per kind of declaration, and the checks every declaration passes at load."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import click
from sqlalchemy import Table

from platform_core.contracts.business import ProjectKind
from platform_core.contracts.composing import ComposerKind, OutcomePreset
from platform_core.contracts.demo import DemoData
from platform_core.contracts.entities import CustomerReference, Entity, SearchSource, UserReference
from platform_core.contracts.events import Job, Listener
from platform_core.contracts.fields import FieldType
from platform_core.contracts.happenings import HappeningSource
from platform_core.contracts.identity import Permission, Scope
from platform_core.contracts.importing import ImportTarget
from platform_core.contracts.news import NotificationChannel
from platform_core.contracts.pages import NavItem, Slot, TemplateHelper
from platform_core.contracts.plugin import AuditWords, Dictionary, Routes, Setting
from platform_core.contracts.ports import Provider
from platform_core.contracts.reports import Report
from platform_core.kernel import scope
from platform_core.plugins import places
from platform_core.plugins.registry import DeclarationError, Registry

_EXPECTED: dict[str, type[Any]] = {
    "entities": Entity,
    "customer_references": CustomerReference,
    "user_references": UserReference,
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
    "notification_channels": NotificationChannel,
    "composer_kinds": ComposerKind,
    "outcome_presets": OutcomePreset,
    "field_types": FieldType,
    "project_kinds": ProjectKind,
    "reports": Report,
    "happenings": HappeningSource,
    "import_targets": ImportTarget,
    "audit_words": AuditWords,
    "demo_data": DemoData,
}


def _route_key(routes: Routes) -> str:
    """Owners may share a path such as `/`; that two handlers do not collide shows when they are mounted."""
    return f"{routes.path} {routes.handlers[0].name if routes.handlers else ''}"


def listener_key(item: Listener) -> str:
    return f"{item.event}>{item.handle.__module__}.{item.handle.__qualname__}"


def _command_key(command: click.Command) -> str:
    """Each owner has a group of its own, so two owners may use the same word."""
    return f"{getattr(command.callback, '__module__', '')} {command.name}"


class Declarations:
    """Typed registries over all loaded plugins."""

    def __init__(self, enabled: Callable[[], frozenset[str]]) -> None:
        self.entities: Registry[Entity] = Registry("entity", lambda item: item.model.__tablename__, enabled)
        self.customer_references: Registry[CustomerReference] = Registry(
            "customer reference", lambda item: f"{item.model.__tablename__}.{item.column}", enabled
        )
        self.user_references: Registry[UserReference] = Registry(
            "reference to people", lambda item: f"{item.model.__tablename__}.{item.column}", enabled
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
        self.listeners: Registry[Listener] = Registry("listener", listener_key, enabled)
        self.ports: Registry[Provider[Any]] = Registry("port", lambda item: item.port.name, enabled)
        self.dictionaries: Registry[Dictionary] = Registry("dictionary", lambda item: item.name, enabled)
        self.search_sources: Registry[SearchSource] = Registry("search source", lambda item: item.key, enabled)
        self.notification_channels: Registry[NotificationChannel] = Registry(
            "notification channel", lambda item: item.key, enabled
        )
        self.composer_kinds: Registry[ComposerKind] = Registry("composer kind", lambda item: item.code, enabled)
        self.outcome_presets: Registry[OutcomePreset] = Registry("outcome preset", lambda item: item.code, enabled)
        self.field_types: Registry[FieldType] = Registry("field type", lambda item: item.key, enabled)
        self.project_kinds: Registry[ProjectKind] = Registry("project kind", lambda item: item.code, enabled)
        self.reports: Registry[Report] = Registry("report", lambda item: item.key, enabled)
        self.happenings: Registry[HappeningSource] = Registry("source of happenings", lambda item: item.key, enabled)
        self.import_targets: Registry[ImportTarget] = Registry("import target", lambda item: item.key, enabled)
        self.audit_words: Registry[AuditWords] = Registry("audit words", lambda item: item.owner, enabled)
        self.demo_data: Registry[DemoData] = Registry("demo data", lambda item: item.load.__module__, enabled)
        self.default_grants: dict[str, dict[str, dict[str, str]]] = {}
        """owner -> role code -> permission -> scope name"""
        self.tables: dict[str, list[Table]] = {}
        self.owners: frozenset[str] = frozenset()
        """Every installed owner's name, also of those that do not load."""
        self.builtins: frozenset[str] = frozenset()
        """Those among them that belong to the core."""

    @staticmethod
    def kinds() -> tuple[str, ...]:
        """What declare hooks are called, without `baton_`."""
        return (*_EXPECTED, "default_grants")

    def _registries(self) -> dict[str, Registry[Any]]:
        return {name: getattr(self, name) for name in _EXPECTED}

    def add(self, owner: str, declared: Mapping[str, Any], tables: Mapping[Table, type[Any]]) -> None:
        """Check everything first, then add everything: a refused plugin leaves nothing behind.

        `tables`: each with its class.
        """
        registries = self._registries()
        for kind, values in declared.items():
            with _said_by(kind):
                if kind == "default_grants":
                    if owner not in self.builtins:
                        _check_grants({item.name for item in declared.get("permissions", ())}, values)
                    continue
                for value in values:
                    if not isinstance(value, _EXPECTED[kind]):
                        message = f"baton_{kind} returned {value!r}, expected {_EXPECTED[kind].__name__}"
                        raise DeclarationError(message)
                registries[kind].check(owner, values)
                _check_names(owner, kind, values)
        self._check_tables(owner, declared, tables)
        for kind, values in declared.items():
            if kind != "default_grants":
                registries[kind].add(owner, values)
        self.default_grants[owner] = dict(declared.get("default_grants", {}))
        self.tables[owner] = list(tables)
        for entity in declared.get("entities", ()):
            if entity.policy is not None:
                scope.protect(entity.model, entity.policy)

    def drop(self, owner: str) -> None:
        for registry in self._registries().values():
            registry.drop(owner)
        self.default_grants.pop(owner, None)
        self.tables.pop(owner, None)

    def _check_tables(self, owner: str, declared: Mapping[str, Any], tables: Mapping[Table, type[Any]]) -> None:
        for table, cls in tables.items():
            nearest = self.owner_of_table(table.name)
            if nearest != owner and not table.name.startswith(f"{owner}_"):
                problem = f"table {table.name!r} must start with {owner + '_'!r}"
            elif nearest not in (owner, ""):
                problem = f"table {table.name!r} would pass for one of {nearest}"
            elif all(table is not entity.model.__table__ for entity in declared.get("entities", ())):
                problem = f"table {table.name!r} is not declared in baton_entities"
            else:
                table.info["owner"] = owner
                continue
            raise DeclarationError(problem, places.of_object(cls, cls.__module__.rpartition(".")[0]))
        if owner in self.builtins:
            return  # the core's packages speak for each other
        for kind in ("entities", "customer_references", "user_references"):
            with _said_by(kind):
                for item in declared.get(kind, ()):
                    if all(item.model.__table__ is not table for table in tables):
                        raise DeclarationError(f"{item.model.__name__} is not a class of {owner}")

    def owner_of_table(self, name: str) -> str:
        """By the longest name of an installed owner that it begins with; empty when there is none."""
        fitting = [owner for owner in self.owners if name.startswith(f"{owner}_")]
        return max(fitting, key=len, default="")

    def pairs(self, kind: str, *, installed: bool = False) -> list[tuple[str, Any]]:
        """(owner, declaration) of a kind; see kernel.database.Declared."""
        registry: Registry[Any] = getattr(self, kind)
        return [(item.owner, item.value) for item in (registry.installed() if installed else registry.owned())]


@contextmanager
def _said_by(kind: str) -> Iterator[None]:
    """Errors inside know which hook they are about."""
    try:
        yield
    except DeclarationError as error:
        error.hook = error.hook or f"baton_{kind}"
        raise


def _check_names(owner: str, kind: str, values: Sequence[Any]) -> None:
    """What is spoken of beyond the plugin begins with its name, so that nobody takes a name away from another."""
    names: dict[str, tuple[str, str, Callable[[Any], Iterable[str]]]] = {
        "permissions": ("permission", ".", lambda item: [item.name]),
        "jobs": ("job", ".", lambda item: [item.name]),
        "reports": ("report", ".", lambda item: [item.key]),
        "happenings": ("source of happenings", ".", lambda item: [item.key, *(kind.key for kind in item.kinds)]),
        "import_targets": ("import target", ".", lambda item: [item.key]),
        "notification_channels": ("notification channel", ".", lambda item: [item.key]),
        "composer_kinds": ("composer kind", ".", lambda item: [item.code]),
        "outcome_presets": ("outcome preset", ".", lambda item: [item.code]),
        "field_types": ("field type", ".", lambda item: [item.key]),
        "project_kinds": ("project kind", ".", lambda item: [item.code]),
        "settings": ("setting", ".", lambda item: [item.key]),
        "slots": ("template of a slot", "/", lambda item: [item.template]),
        "template_helpers": ("template helper", "_", lambda item: [item.name]),
        "audit_words": ("audited action", ".", lambda item: item.actions),
    }
    if kind not in names:
        return
    word, mark, names_of = names[kind]
    for name in (name for value in values for name in names_of(value)):
        if not name.startswith(owner + mark):
            raise DeclarationError(f"{word} {name!r} must start with {owner + mark!r}")


def _check_grants(own: set[str], grants: Any) -> None:
    """A plugin suggests who may use what it brings, not who may do what others guard."""
    if not isinstance(grants, dict):
        raise DeclarationError(f"baton_default_grants returned {type(grants).__name__} instead of a dict")
    for role, permissions in grants.items():
        for name, reach in permissions.items():
            if name not in own:
                raise DeclarationError(f"baton_default_grants gives {role} the right {name!r}, which is not its own")
            if reach.upper() not in Scope.__members__:
                raise DeclarationError(f"baton_default_grants gives {role} {name!r} with the unknown scope {reach!r}")
