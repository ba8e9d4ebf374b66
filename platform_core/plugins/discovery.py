"""Finding plugins: the entry-point group `baton.plugins`, read without importing anything of a plugin."""

from __future__ import annotations

import graphlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.metadata import Distribution, EntryPoint, entry_points

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

GROUP = "baton.plugins"
CORE_DISTRIBUTION = "baton-crm"
_NAME = re.compile(r"[a-z][a-z0-9_]{1,30}")


@dataclass(frozen=True, slots=True)
class Candidate:
    """An installed plugin as its packaging metadata describes it."""

    name: str
    entry_point: EntryPoint
    version: str
    requires: frozenset[str] = frozenset()
    """Names of other plugins that must be there."""
    problem: str = ""
    """Why it may not even be imported."""
    metadata: dict[str, str] = field(default_factory=dict)


def find(core_version: str) -> list[Candidate]:
    """Installed plugins in load order: dependencies first, ties by name."""
    candidates: dict[str, Candidate] = {}
    for entry_point in entry_points(group=GROUP):
        candidate = _describe(entry_point, core_version)
        if candidate.name in candidates:
            first = candidates[candidate.name]
            message = f"two installed packages call themselves {candidate.name}"
            candidates[candidate.name] = Candidate(first.name, first.entry_point, first.version, problem=message)
        else:
            candidates[candidate.name] = candidate
    return [candidates[name] for name in _order(candidates.values())]


def _describe(entry_point: EntryPoint, core_version: str) -> Candidate:
    distribution = entry_point.dist
    version = distribution.version if distribution else "0"
    problem = "" if _NAME.fullmatch(entry_point.name) else f"{entry_point.name!r} is not a usable plugin name"
    requires: set[str] = set()
    for requirement in _requirements(distribution):
        name = canonicalize_name(requirement.name)
        if name == CORE_DISTRIBUTION:
            if not requirement.specifier.contains(Version(core_version), prereleases=True):
                problem = problem or f"needs {CORE_DISTRIBUTION}{requirement.specifier}, this is {core_version}"
        elif name.startswith("baton-"):
            requires.add(name.removeprefix("baton-").replace("-", "_"))
    return Candidate(entry_point.name, entry_point, version, frozenset(requires), problem)


def _requirements(distribution: Distribution | None) -> list[Requirement]:
    parsed = [Requirement(text) for text in (distribution.requires or [] if distribution else [])]
    return [item for item in parsed if item.marker is None or item.marker.evaluate({"extra": ""})]


def _order(candidates: Iterable[Candidate]) -> list[str]:
    by_name = {candidate.name: candidate for candidate in candidates}
    sorter = graphlib.TopologicalSorter(
        {name: sorted(by_name[name].requires & by_name.keys()) for name in sorted(by_name)}
    )
    return list(sorter.static_order())
