"""Finding plugins: the entry-point group `baton.plugins`, read without importing anything of a plugin."""

from __future__ import annotations

import dataclasses
import graphlib
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from importlib.metadata import Distribution, EntryPoint, entry_points
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from platform_core.plugins import places

GROUP = "baton.plugins"
CORE_DISTRIBUTION = "baton-crm"
NAME = re.compile(r"[a-z][a-z0-9_]{1,30}")


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
    place: str = ""
    """File and line of the problem."""
    metadata: dict[str, str] = field(default_factory=dict)
    """`distribution`, and where they are given `author`, `home` and `license`."""

    @property
    def package(self) -> str:
        """Import package of the entry point's module, e.g. `baton_plugins.activities`."""
        return self.entry_point.module.rpartition(".")[0] or self.entry_point.module


def find(core_version: str, reserved: Collection[str] = ()) -> list[Candidate]:
    """Installed plugins in load order: dependencies first, ties by name. `reserved` names belong to the core."""
    candidates: dict[str, Candidate] = {}
    for entry_point in entry_points(group=GROUP):
        candidate = _describe(entry_point, core_version)
        if candidate.name in reserved:
            problem = f"the name {candidate.name} belongs to the core"
            name = candidate.metadata["distribution"] or f"{candidate.name}-plugin"
            candidate = dataclasses.replace(candidate, name=name, problem=problem, place=_line_of(entry_point))
        elif candidate.name in candidates:
            first = candidates[candidate.name]
            both = " and ".join(item.metadata["distribution"] or item.package for item in (first, candidate))
            problem = f"two installed packages call themselves {candidate.name}: {both}"
            candidate = dataclasses.replace(first, problem=problem, place=_line_of(entry_point))
        candidates[candidate.name] = candidate
    return _ordered(candidates)


def _line_of(entry_point: EntryPoint) -> str:
    return places.of_metadata(entry_point.dist, "entry_points.txt", f"{entry_point.name} =")


def _describe(entry_point: EntryPoint, core_version: str) -> Candidate:
    distribution = entry_point.dist
    problem = place = ""
    if not NAME.fullmatch(entry_point.name):
        problem, place = f"{entry_point.name!r} is not a usable plugin name", _line_of(entry_point)
    requires: set[str] = set()
    try:
        for requirement in _requirements(distribution):
            name = canonicalize_name(requirement.name)
            if name == CORE_DISTRIBUTION:
                if not requirement.specifier.contains(Version(core_version), prereleases=True):
                    problem = problem or f"needs {CORE_DISTRIBUTION}{requirement.specifier}, this is {core_version}"
            elif name.startswith("baton-"):
                requires.add(name.removeprefix("baton-").replace("-", "_"))
    except InvalidRequirement as error:
        problem = problem or f"its requirements cannot be read: {error}"
    if problem and not place:
        place = places.of_metadata(distribution, "METADATA", f"Requires-Dist: {CORE_DISTRIBUTION}")
    metadata = _metadata(distribution)
    return Candidate(
        entry_point.name, entry_point, metadata.pop("version"), frozenset(requires), problem, place, metadata
    )


def _metadata(distribution: Distribution | None) -> dict[str, str]:
    read: Any = distribution.metadata if distribution else {}
    author = read.get("Author") or read.get("Author-email") or read.get("Maintainer") or ""
    address = (read.get("Project-URL") or "").rpartition(",")[2].strip()
    return {
        "version": read.get("Version") or "0",
        "distribution": read.get("Name") or "",
        "author": author,
        "home": read.get("Home-page") or address,
        "license": read.get("License-Expression") or read.get("License") or "",
    }


def _requirements(distribution: Distribution | None) -> list[Requirement]:
    parsed = [Requirement(text) for text in (distribution.requires or [] if distribution else [])]
    return [item for item in parsed if item.marker is None or item.marker.evaluate({"extra": ""})]


def _ordered(candidates: dict[str, Candidate]) -> list[Candidate]:
    """Those that need each other in a ring come last, each with that for a problem."""
    rest = dict(candidates)
    ring: list[Candidate] = []
    while True:
        try:
            return [rest[name] for name in _order(rest.values())] + ring
        except graphlib.CycleError as error:
            names = sorted(set(error.args[1]))
            for name in names:
                candidate = rest.pop(name)
                problem = candidate.problem or f"these need each other: {', '.join(names)}"
                place = places.of_metadata(candidate.entry_point.dist, "METADATA", "Requires-Dist: baton-")
                ring.append(dataclasses.replace(candidate, problem=problem, place=place))


def _order(candidates: Iterable[Candidate]) -> list[str]:
    by_name = {candidate.name: candidate for candidate in candidates}
    sorter = graphlib.TopologicalSorter(
        {name: sorted(by_name[name].requires & by_name.keys()) for name in sorted(by_name)}
    )
    return list(sorter.static_order())
