"""What a plugin must hold to while it loads, and taking away every trace of one that does not."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import ModuleType
from typing import Any

import pluggy
from sqlalchemy import Table
from sqlalchemy.orm import DeclarativeBase, Mapper

from platform_core.kernel import scope
from platform_core.kernel.model import METADATA
from platform_core.plugins import hookspecs, places
from platform_core.plugins.registry import DeclarationError


def check_hooks(module: ModuleType) -> None:
    """Pluggy would take a misspelt hook for somebody else's and never call it."""
    package = module.__name__.rpartition(".")[0]
    for name, function in inspect.getmembers(module, callable):
        if name.startswith("baton_") and not hasattr(hookspecs, name):
            raise DeclarationError(f"unknown hooks: {name}", places.of_object(function, package))
        if name.startswith("baton_") and not hasattr(function, "baton_impl"):
            raise DeclarationError(f"{name} lacks @hookimpl", places.of_object(function, package))


def declared_by(hook: Callable[[], Any], package: str) -> Any:
    """Call a declare hook. Raises DeclarationError for an answer that is no collection."""
    if list(inspect.signature(hook).parameters):
        raise DeclarationError(f"{hook.__name__} takes no arguments", places.of_object(hook, package))
    answer = hook()
    if isinstance(answer, dict):
        return answer
    if not isinstance(answer, Sequence) or isinstance(answer, str):
        told = f"{hook.__name__} returned {type(answer).__name__} instead of a list"
        raise DeclarationError(told, places.of_object(hook, package))
    return answer


def place_of_hook(error: pluggy.PluginValidationError, module: ModuleType, package: str) -> str:
    """Where the hook is written that pluggy refuses."""
    text = str(error)
    names = (name for name, _ in inspect.getmembers(module, callable) if name.startswith("baton_") and name in text)
    return next((places.of_object(getattr(module, name), package) for name in names), "")


def tables_of(package: str) -> dict[Table, type[Any]]:
    """The tables of every class that a package's modules map, each with its class.

    Raises DeclarationError for a class that cannot be mapped, and for a table without a class.
    """
    if importlib.util.find_spec(f"{package}.models") is not None:
        importlib.import_module(f"{package}.models")
    found: dict[Table, type[Any]] = {}
    for cls in _mapped_classes(package):
        mapper: Mapper[Any] = cls.__mapper__
        try:
            mapper.registry.configure()
        except Exception as error:
            raise DeclarationError(
                f"{cls.__name__} cannot be mapped: {error}", places.of_object(cls, package)
            ) from error
        for table in mapper.tables:
            if isinstance(table, Table):
                found.setdefault(table, cls)
    return dict(sorted(found.items(), key=lambda item: item[0].name))


def _mapped_classes(package: str) -> Iterator[type[Any]]:
    """Also those that were not imported by the module that maps them but made in a function."""
    seen: set[type[Any]] = set()
    for name, module in sys.modules.copy().items():  # a copy is made in one step; threads import meanwhile
        if not (name + ".").startswith(f"{package}."):
            continue
        for _, member in inspect.getmembers(module, inspect.isclass):
            if not (member.__module__ + ".").startswith(f"{package}."):
                continue
            if issubclass(member, DeclarativeBase) and "registry" in vars(member):
                seen.update(mapper.class_ for mapper in member.registry.mappers)
            elif "__mapper__" in vars(member):
                seen.add(member)
    yield from sorted(seen, key=lambda cls: (cls.__module__, cls.__qualname__))


class Traces:
    """What the process looked like before a plugin was imported."""

    def __init__(self, package: str) -> None:
        self._package = package
        self._modules = set(sys.modules)
        self._tables = set(METADATA.tables)
        self._policies = {
            model: policy
            for model, policy in scope.sealed().items()
            if not (model.__module__ + ".").startswith(f"{package}.")
        }

    def check(self) -> None:
        """Raises DeclarationError when others' policies were touched; they are put back first."""
        changed = scope.mend(self._policies)
        if changed:
            place = places.of_object(sys.modules.get(f"{self._package}.plugin"), self._package)
            raise DeclarationError(f"it replaced the scope policy of {', '.join(changed)}", place)
        known = {table.name for table in tables_of(self._package)}
        strays = sorted(set(METADATA.tables) - self._tables - known)
        if strays:
            raise DeclarationError(f"table {strays[0]!r} is not mapped to a class of {self._package}")

    def remove(self) -> None:
        """Forget what came since: modules, mapped classes, tables, policies."""
        scope.mend(self._policies)
        forget(self._package, ())
        for name in set(METADATA.tables) - self._tables:
            METADATA.remove(METADATA.tables[name])
        for name in set(sys.modules) - self._modules:
            if (name + ".").startswith(f"{self._package}."):
                sys.modules.pop(name)


def forget(package: str, tables: Iterable[Table]) -> None:
    """Take a package's modules with their policies and its own `tables` away from this process."""
    for cls in _mapped_classes(package):
        scope.unprotect(cls)
    for table in tables:
        if METADATA.tables.get(table.name) is table:
            METADATA.remove(table)
    for name in [name for name in sys.modules if (name + ".").startswith(f"{package}.")]:
        sys.modules.pop(name)
