"""Which classes are protected, by which policy, and whether that is still so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from platform_core.contracts.entities import ScopePolicy


class ScopeViolation(RuntimeError):
    """A statement reached a protected table without an actor's scope: a bug in the calling code."""


policies: dict[type[Any], ScopePolicy] = {}
class_of_table: dict[Any, type[Any]] = {}
names: dict[str, Any] = {}
"""Protected tables by name: another Table object of the same name reaches the same rows."""
_sealed: dict[type[Any], tuple[ScopePolicy, Any]] = {}
"""What `protect` was told: the policy and its class's own `predicate`. `mend` compares with it."""
_forgetting: list[Callable[[], None]] = []


def when_changed(forget: Callable[[], None]) -> None:
    """Call `forget` whenever a policy comes or goes: what was worked out from the policies holds no longer."""
    _forgetting.append(forget)


def _changed() -> None:
    for forget in _forgetting:
        forget()


def protect(model: type[Any], policy: ScopePolicy) -> None:
    """From now on, rows of `model` are only reachable through `policy`. For the loader of plugins alone.

    Raises ScopeViolation when it has a policy of another class already.
    """
    if model in _sealed and type(_sealed[model][0]) is not type(policy):
        message = f"{model.__name__} has a policy already"
        raise ScopeViolation(message)
    policies[model] = policy
    _sealed[model] = policy, type(policy).predicate
    class_of_table[model.__table__] = model
    names[model.__table__.name] = model.__table__
    _changed()


def unprotect(model: type[Any]) -> None:
    """Forget a class that could not be loaded after all."""
    policies.pop(model, None)
    _sealed.pop(model, None)
    if class_of_table.get(model.__table__) is model:
        class_of_table.pop(model.__table__)
        names.pop(model.__table__.name, None)
    _changed()


def sealed() -> dict[type[Any], tuple[ScopePolicy, Any]]:
    """What `protect` has been told so far, to be handed to `mend` later."""
    return dict(_sealed)


def mend(before: dict[type[Any], tuple[ScopePolicy, Any]] | None = None) -> list[str]:
    """Put back every policy that somebody replaced behind `protect`'s back. Returns the names of their classes.

    `before` are the policies of a moment since which nobody had a reason to change them. This notices clumsiness and
    shortcuts; code that wants to hide can change this module just as well.
    """
    changed: list[str] = []
    for model, kept in (before or {}).items():
        if _sealed.get(model) != kept:
            _sealed[model] = kept
            changed.append(model.__name__)
    for model, (policy, predicate) in _sealed.items():
        replaced = type(policy).predicate is not predicate or "predicate" in getattr(policy, "__dict__", {})
        if policies.get(model) is policy and not replaced and class_of_table.get(model.__table__) is model:
            continue
        changed += [model.__name__] if model.__name__ not in changed else []
        if replaced:
            type(policy).predicate = predicate  # type: ignore[method-assign]
            getattr(policy, "__dict__", {}).pop("predicate", None)
        policies[model] = policy
        class_of_table[model.__table__] = model
        names[model.__table__.name] = model.__table__
    for model in policies.keys() - _sealed.keys():
        changed.append(model.__name__)
        del policies[model]
    if changed:
        _changed()
    return sorted(changed)


def is_protected(model: type[Any]) -> bool:
    return model in policies


def policy_of(model: type[Any]) -> ScopePolicy:
    return policies[model]
