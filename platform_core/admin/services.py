"""Switching plugins on and off, keeping dictionaries, retrying jobs."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.entities import EntityRef
from platform_core.contracts.events import Event
from platform_core.contracts.identity import Actor
from platform_core.kernel import counters, dictionaries
from platform_core.kernel.clock import now
from platform_core.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from platform_core.kernel.events import publish
from platform_core.kernel.i18n import translator
from platform_core.kernel.models import DictionaryRow, JobRow, PluginState
from platform_core.kernel.unitofwork import on_commit
from platform_core.plugins.manager import STOPPED, VERSION_COUNTER, Plugin, PluginManager
from platform_core.web.requests import Platform

_ = translator("admin")
TONES = ("", "primary", "jade", "amber", "red", "violet", "teal")


def require(actor: Actor | None, permission: str) -> None:
    """Raises Forbidden. None is the operator at the command line, who may everything."""
    if actor is not None and not actor.can(permission):
        raise Forbidden(lacks=permission)


def set_plugin(
    session: Session, actor: Actor | None, platform: Platform, name: str, *, enabled: bool, together: bool = False
) -> list[str]:
    """Switch a plugin on or off everywhere; each process follows within two seconds. Nothing is deleted.

    Returns the names that were switched: with `together` also those it needs (on) or that need it (off); without, such
    plugins are a Conflict that names them. Raises NotFound for a plugin that is not installed.
    """
    require(actor, "admin.plugins")
    counters.bump(session, VERSION_COUNTER)  # first, so that two administrators wait for each other
    manager = platform.manager
    plugin = manager.plugins.get(name)
    if plugin is None or plugin.builtin:
        raise NotFound(_("There is no plugin %(name)s.", name=name))
    rows = {row.name: row for row in session.scalars(select(PluginState))}
    on = {item for item, other in manager.plugins.items() if other.builtin or item not in rows or rows[item].enabled}
    others = _missing(manager, plugin, on) if enabled else _dependents(manager, name, on)
    if others and not together:
        listed = ", ".join(title(manager.plugins[other]) for other in others)
        if enabled:
            raise Conflict(_("It needs these, which are switched off: %(plugins)s.", plugins=listed))
        raise Conflict(_("These need it and would stop as well: %(plugins)s.", plugins=listed))
    switched = [item for item in [*others, name] if (item in on) != enabled]
    for item in switched:
        _switch(session, actor, platform, manager.plugins[item], rows.get(item), enabled=enabled)
    if switched:
        _follow(session, platform, switched, enabled=enabled)
    return switched


def _missing(manager: PluginManager, plugin: Plugin, on: set[str]) -> list[str]:
    """What must be switched on before `plugin` can be, deepest need first. Raises Conflict where that is impossible."""
    if plugin.state in STOPPED:
        raise Conflict(_("It cannot run: %(reason)s", reason=plugin.reason))
    missing: list[str] = []
    for need in sorted(plugin.requires):
        other = manager.plugins.get(need)
        if other is None:
            raise Conflict(_("It needs %(name)s, which is not installed.", name=need))
        for item in [*_missing(manager, other, on), need]:
            if item not in on and item not in missing:
                missing.append(item)
    return missing


def _dependents(manager: PluginManager, name: str, on: set[str]) -> list[str]:
    """Plugins that are on and need `name`, directly or not, outermost first."""
    found: list[str] = []
    for other in manager.plugins.values():
        if name in other.requires and other.name in on:
            found += [item for item in [*_dependents(manager, other.name, on), other.name] if item not in found]
    return found


def _switch(
    session: Session, actor: Actor | None, platform: Platform, plugin: Plugin, row: PluginState | None, *, enabled: bool
) -> None:
    if row is None:
        row = PluginState(name=plugin.name, enabled=enabled)
        session.add(row)
    row.enabled, row.version, row.changed_at = enabled, plugin.version, now()
    ref = plugin_ref(plugin)
    action = "admin.enable_plugin" if enabled else "admin.disable_plugin"
    audit.record(session, actor, action, ref, before={"enabled": not enabled}, after={"enabled": enabled})
    event = "admin.plugin_enabled" if enabled else "admin.plugin_disabled"
    publish(session, Event(event, ref, actor_id=actor.user_id if actor else None, data={"plugin": plugin.name}))


def _follow(session: Session, platform: Platform, names: list[str], *, enabled: bool) -> None:
    """This process does not wait for its ticker, so the next page already shows the new state."""
    if not enabled:
        for name in names:
            on_commit(session, platform.hooks.tell, "baton_disabled", name)
    on_commit(session, platform.manager.follow, platform.database)
    if enabled:
        for name in names:
            on_commit(session, platform.hooks.tell, "baton_enabled", name)


def title(plugin: Plugin) -> str:
    return str(plugin.info.title) if plugin.info else plugin.name


def plugin_ref(plugin: Plugin) -> EntityRef:
    return EntityRef("admin", "plugin", uuid5(NAMESPACE_URL, f"baton:plugin:{plugin.name}"), title(plugin))


class EntryInput(msgspec.Struct, kw_only=True):
    """A dictionary entry. `code` is what records store; it stays for ever, the label may change."""

    label: Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
    code: Annotated[str, msgspec.Meta(max_length=60, pattern=r"^[\w.-]*$")] = ""
    tone: str = ""


def add_entry(session: Session, actor: Actor | None, dictionary: str, data: EntryInput) -> DictionaryRow:
    """Append an entry. Without a code it gets a number. Raises Invalid for a code or label that is taken."""
    require(actor, "admin.dictionaries")
    rows = entries(session, dictionary)
    taken = {row.code for row in rows}
    code = data.code or _free_code(taken)
    if code in taken:
        raise Invalid(_("Please check the marked fields."), fields={"code": _("This code is taken.")})
    _check(rows, data, None)
    order = max((row.order for row in rows), default=0) + 10
    row = DictionaryRow(dictionary=dictionary, code=code, label=data.label, tone=data.tone, order=order)
    session.add(row)
    session.flush()  # the audit line names its id
    _entry_changed(session, actor, "admin.add_entry", row, {}, {"label": data.label, "code": code})
    return row


def change_entry(session: Session, actor: Actor | None, entry_id: UUID, data: EntryInput) -> DictionaryRow:
    """Change label and tone; the code stays, since records refer to it."""
    require(actor, "admin.dictionaries")
    row = get_entry(session, entry_id)
    _check(entries(session, row.dictionary), data, row)
    before, after = audit.changes({"label": row.label, "tone": row.tone}, {"label": data.label, "tone": data.tone})
    if after:
        row.label, row.tone = data.label, data.tone
        _entry_changed(session, actor, "admin.edit_entry", row, before, after)
    return row


def set_entry_active(session: Session, actor: Actor | None, entry_id: UUID, *, active: bool) -> DictionaryRow:
    """A disabled entry can no longer be chosen; records that have it keep it."""
    require(actor, "admin.dictionaries")
    row = get_entry(session, entry_id)
    if row.merged_into:
        raise Conflict(_("It is part of another entry already."))
    if row.active != active:
        row.active = active
        _entry_changed(session, actor, "admin.edit_entry", row, {"active": not active}, {"active": active})
    return row


def shift_entry(session: Session, actor: Actor | None, entry_id: UUID, by: int) -> DictionaryRow:
    """Move an entry `by` places down (negative: up)."""
    require(actor, "admin.dictionaries")
    row = get_entry(session, entry_id)
    rows = entries(session, row.dictionary)
    here = rows.index(row)
    there = min(max(here + by, 0), len(rows) - 1)
    if here != there:
        rows.insert(there, rows.pop(here))
        for place, other in enumerate(rows, 1):
            other.order = place * 10
        _entry_changed(session, actor, "admin.edit_entry", row, {"place": here + 1}, {"place": there + 1})
    return row


def entries(session: Session, dictionary: str) -> list[DictionaryRow]:
    statement = select(DictionaryRow).where(DictionaryRow.dictionary == dictionary)
    return list(session.scalars(statement.order_by(DictionaryRow.order, DictionaryRow.code)))


def entry_counts(session: Session) -> dict[str, int]:
    rows = session.execute(select(DictionaryRow.dictionary, func.count()).group_by(DictionaryRow.dictionary))
    return dict(rows.all())


def get_entry(session: Session, entry_id: UUID) -> DictionaryRow:
    row = session.get(DictionaryRow, entry_id)
    if row is None:
        raise NotFound(_("This entry is no longer there."))
    return row


def _check(rows: list[DictionaryRow], data: EntryInput, own: DictionaryRow | None) -> None:
    if data.tone not in TONES:
        raise Invalid(_("Please check the marked fields."), fields={"tone": _("Choose a colour.")})
    if any(row.label.casefold() == data.label.casefold() for row in rows if row is not own):
        raise Invalid(_("Please check the marked fields."), fields={"label": _("There is an entry of this name.")})


def _free_code(taken: set[str]) -> str:
    number = len(taken) + 1
    while f"x{number}" in taken:
        number += 1
    return f"x{number}"


def _entry_changed(
    session: Session,
    actor: Actor | None,
    action: str,
    row: DictionaryRow,
    before: dict[str, Any],
    after: dict[str, Any],
) -> None:
    dictionaries.changed(session)
    ref = EntityRef("admin", "dictionary_entry", row.id, f"{row.dictionary}: {row.label}")
    audit.record(session, actor, action, ref, before=before, after=after)


def retry_job(session: Session, actor: Actor | None, job_id: UUID) -> JobRow:
    """Run a failed job again. Raises Conflict when it is in another state."""
    require(actor, "admin.jobs")
    row = session.get(JobRow, job_id, with_for_update=True)
    if row is None:
        raise NotFound(_("There is no such job."))
    if row.state != "failed":
        raise Conflict(_("Only a job that has failed can be run again."))
    row.state, row.attempts, row.not_before, row.finished_at, row.message = "pending", 0, now(), None, ""
    audit.record(session, actor, "admin.retry_job", EntityRef("admin", "job", row.id, row.name))
    return row
