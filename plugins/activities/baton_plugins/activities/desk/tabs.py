"""The tabs above the lists, with how much stands in each."""

from __future__ import annotations

from baton_plugins.activities.desk import lists

from platform_core.api import Actor, translator

_ = translator("activities")
Tab = tuple[str, str, str, int]
"""(key, label, address, number)"""


def of(actor: Actor, counted: lists.Numbers) -> list[Tab]:
    """The department's only for its heads."""
    found = [
        ("mine", _("Mine"), "/plans", counted.mine),
        ("asked", _("Asked of me"), "/plans/asked", counted.asked),
        ("delegated", _("Asked by me"), "/plans/delegated", counted.delegated),
    ]
    if lists.departments_of(actor) != frozenset():
        found.append(("department", _("My department"), "/plans/department", counted.department))
        found.append(("team", _("The team today"), "/team", 0))
    return [*found, ("all", _("All plans"), "/plans/all", 0)]
