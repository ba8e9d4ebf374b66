"""The broken plugins of tests/specimens: where each is wrong, and what is said about it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2] / "specimens"
_MARK = "the fault"


@dataclass(frozen=True)
class Specimen:
    """One that does not load: its state, and words of the reason."""

    state: str
    reason: str
    listed: str = ""
    """The name it is listed under, where that is not its own."""


LOADING = {
    "bad_mapper": Specimen("broken", "Thing cannot be mapped"),
    "bad_setting": Specimen("broken", "the default of setting bad_setting.size must be"),
    "bare_table": Specimen("broken", "'bare_table_thing' is not declared in baton_entities"),
    "customers": Specimen("incompatible", "the name customers belongs to the core", "baton-false-customers"),
    "exits": Specimen("broken", "SystemExit: 3"),
    "foreign_permission": Specimen("broken", "permission 'customers.steal' must start with 'foreign_permission.'"),
    "foreign_table": Specimen("broken", "table 'customers_stolen' must start with 'foreign_table_'"),
    "import_error": Specimen("broken", "No module named 'nothing_of_that_name'"),
    "misspelt_hook": Specimen("broken", "unknown hooks: baton_custmer_panels"),
    "modern": Specimen("incompatible", "needs baton-crm>=99, this is"),
    "needy": Specimen("incompatible", "needs absent"),
    "no_list": Specimen("broken", "baton_permissions returned NoneType instead of a list"),
    "ring_one": Specimen("incompatible", "these need each other: ring_one, ring_two"),
    "ring_two": Specimen("incompatible", "these need each other: ring_one, ring_two"),
    "same_job": Specimen("broken", "job same_job.work is declared twice"),
    "same_name": Specimen("incompatible", "two installed packages call themselves same_name"),
    "same_permission": Specimen("broken", "permission same_permission.view is declared twice"),
    "same_setting": Specimen("broken", "setting same_setting.size is declared twice"),
    "syntax_error": Specimen("broken", "SyntaxError"),
    "unknown_argument": Specimen("broken", "weather"),
    "unmarked_hook": Specimen("broken", "baton_customer_facts lacks @hookimpl"),
    "unresolved_annotation": Specimen("broken", "name 'Nothing' is not defined"),
    "widens_declared": Specimen("broken", "entity customers_customer already belongs to customers"),
    "widens_grants": Specimen("broken", "gives coordinator the right 'customers.view', which is not its own"),
    "widens_policy": Specimen("broken", "it replaced the scope policy of Customer"),
    "widens_protect": Specimen("broken", "Customer has a policy already"),
    "widens_registry": Specimen("broken", "it replaced the scope policy of Customer"),
    "widens_table": Specimen("broken", "table 'customers_customer' must start with 'widens_table_'"),
    "wrong_return": Specimen("broken", "expected Permission"),
}
MIGRATING = {
    "failing_migration": Specimen("broken", "migration failed: "),
    "unreadable_migration": Specimen("broken", "its migrations cannot be read: ModuleNotFoundError"),
}
MOUNTING = {
    "foreign_route": Specimen("broken", "the route name 'customers:list' must start with 'foreign_route:'"),
    "forged_route": Specimen("broken", "names no permission"),
    "greedy_route": Specimen("broken", "are in each other's way"),
    "open_route": Specimen("broken", "names no permission"),
    "raw_asgi": Specimen("broken", "is no handler made by"),
    "same_route": Specimen("broken", "GET /customers/{} already belongs to customers"),
    "unknown_right": Specimen("broken", "asks for the permission 'unknown_right.viwe'"),
    "unmountable": Specimen("broken", "already registered"),
}
SETTING_ASIDE = LOADING | MIGRATING | MOUNTING
RUNNING = {
    "hanging_hook": "StoppedError",
    "hanging_query": "OperationalError",
    "late_hook": "LookupError",
    "poisoning_hook": "OperationalError|ProgrammingError",
    "raising_hook": "LookupError",
    "reads_core": "ScopeViolation",
    "reads_double": "ScopeViolation",
    "reads_text": "ScopeViolation",
}
"""Hooks of the customer page that fail, and the class of what they raise."""
OTHERS = {
    "raising_job", "raising_listener", "reads_nobody", "slow_hook", "stuck_hook", "turnable", "undefined_name",
}  # fmt: skip
"""Those that each have a test of their own."""


def place_of(name: str, file: str = "") -> str:
    """`baton_plugins/<name>/<file>:<line>` of the marked line; for faults of the packaging, its file."""
    site = ROOT / name
    for path in sorted(site.rglob(file or "*.*")):
        if path.suffix in {".py", ".html"}:
            for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
                if _MARK in line:
                    return f"{path.relative_to(site)}:{number}"
    return ""
