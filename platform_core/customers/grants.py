"""What the preset roles may do with customers, until an admin says otherwise."""

from __future__ import annotations

_OWN = {
    "view": "own", "create": "all", "edit": "own", "reveal": "own", "import": "all", "pool": "department",
    "claim": "all", "release": "own", "share": "own",
}  # fmt: skip
_DEPARTMENT = {
    **dict.fromkeys(("view", "edit", "delete", "merge", "reveal", "transfer", "pool", "release", "share"), "subtree"),
    "create": "all",
    "claim": "all",
    "import": "all",
}
_ROLES = {
    "coordinator": _OWN,
    "department_head": _DEPARTMENT,
    "management": dict.fromkeys(
        (
            "view",
            "create",
            "edit",
            "delete",
            "merge",
            "erase",
            "reveal",
            "import",
            "transfer",
            "offboard",
            "export",
            "pool",
            "claim",
            "release",
            "pool_rules",
            "share",
        ),
        "all",
    ),
    "office": dict.fromkeys(("view", "create", "edit", "merge", "import", "fields", "pool", "release"), "all"),
    "system_admin": {"fields": "all", "pool_rules": "all"},
    "finance": {"view": "all"},
}
DEFAULT = {role: {f"customers.{verb}": scope for verb, scope in grants.items()} for role, grants in _ROLES.items()}
"""Role code -> permission -> scope name."""
