"""Words for what is written down: actions, results, fields, values."""

from __future__ import annotations

from typing import Any

from platform_core.kernel.i18n import translator

_ = translator("audit")
_VERBS = {
    "view": _.lazy("opened"),
    "list": _.lazy("listed"),
    "search": _.lazy("searched"),
    "reveal": _.lazy("revealed"),
    "create": _.lazy("created"),
    "edit": _.lazy("changed"),
    "delete": _.lazy("deleted"),
    "import": _.lazy("imported"),
    "revert": _.lazy("reverted"),
    "export": _.lazy("exported"),
    "print": _.lazy("printed"),
    "open": _.lazy("opened anew"),
    "hand_over": _.lazy("handed over"),
    "accept": _.lazy("took over"),
    "return": _.lazy("returned"),
    "reassign": _.lazy("reassigned"),
    "tick": _.lazy("ticked off"),
    "login": _.lazy("signed in"),
    "logout": _.lazy("signed out"),
    "password": _.lazy("set a password"),
    "reset": _.lazy("made a reset link"),
    "freeze": _.lazy("froze"),
    "unfreeze": _.lazy("unfroze"),
    "leave": _.lazy("marked as left"),
    "token": _.lazy("made an API token"),
    "revoke_token": _.lazy("revoked an API token"),
    "end_session": _.lazy("ended a session"),
    "assign": _.lazy("gave a role"),
    "unassign": _.lazy("took a role away"),
    "denied": _.lazy("was refused"),
    "read": _.lazy("read the audit trail"),
    "enable_plugin": _.lazy("switched a plugin on"),
    "disable_plugin": _.lazy("switched a plugin off"),
    "create_department": _.lazy("added a department"),
    "edit_department": _.lazy("changed a department"),
    "move_department": _.lazy("moved a department"),
    "add_entry": _.lazy("added a dictionary entry"),
    "edit_entry": _.lazy("changed a dictionary entry"),
    "retry_job": _.lazy("ran a job again"),
}
RESULTS = {
    "ok": (_.lazy("done"), "jade"),
    "denied": (_.lazy("refused"), "red"),
    "failed": (_.lazy("failed"), "amber"),
}
VIAS = {
    "page": _.lazy("page"),
    "api": _.lazy("program"),
    "job": _.lazy("background work"),
    "cli": _.lazy("command line"),
    "system": _.lazy("system"),
}


def action(code: str) -> str:
    """A word for `owner.verb`; the code itself where there is none."""
    verb = _VERBS.get(code.partition(".")[2])
    return str(verb) if verb is not None else code


def field(name: str) -> str:
    return name.replace("_", " ")


def value(content: Any) -> str:
    """One line for a stored value."""
    if content is None or content == "":
        return "—"
    if isinstance(content, bool):
        return _("yes") if content else _("no")
    if isinstance(content, list):
        return ", ".join(value(item) for item in content) or "—"
    if isinstance(content, dict):
        return "; ".join(f"{field(key)}: {value(item)}" for key, item in content.items()) or "—"
    return str(content)


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, str | None, str | None]]:
    """(field, before, after) in a stable order; None where one side says nothing."""
    names = [*before, *(name for name in after if name not in before)]
    return [
        (
            field(name),
            value(before[name]) if name in before else None,
            value(after[name]) if name in after else None,
        )
        for name in names
    ]
