"""How the audit trail speaks of what this package does."""

from __future__ import annotations

import pluggy

from platform_core.contracts.plugin import AuditWords
from platform_core.kernel.i18n import translator

_ = translator("admin")
hookimpl = pluggy.HookimplMarker("baton")
_ACTIONS = {
    "admin.enable_plugin": _.lazy("switched a plugin on"),
    "admin.disable_plugin": _.lazy("switched a plugin off"),
    "admin.forget_faults": _.lazy("had the faults of a plugin forgotten"),
    "admin.purge_plugin": _.lazy("deleted what a plugin held"),
    "admin.plugin_settings": _.lazy("changed settings of a plugin"),
    "admin.themes": _.lazy("chose the themes"),
    "admin.import": _.lazy("imported a table"),
    "admin.add_entry": _.lazy("added a dictionary entry"),
    "admin.edit_entry": _.lazy("changed a dictionary entry"),
    "admin.merge_entry": _.lazy("began to make a dictionary entry part of another"),
    "admin.merge_rows": _.lazy("gave rows the entry that another became part of"),
    "admin.merge_finish": _.lazy("made a dictionary entry part of another"),
    "admin.unmerge_entry": _.lazy("began to take a merge of dictionary entries back"),
    "admin.unmerge_finish": _.lazy("took a merge of dictionary entries back"),
    "admin.keep_jobs": _.lazy("changed how long finished background work is kept"),
    "admin.retry_job": _.lazy("ran a job again"),
}
_FIELDS = {
    "target": _.lazy("What was imported"),
    "rows": _.lazy("Rows"),
    "theme": _.lazy("Theme of the house"),
    "offered": _.lazy("Offered"),
    "enabled": _.lazy("Switched on"),
    "code": _.lazy("Code"),
    "label": _.lazy("Name"),
    "tone": _.lazy("Colour"),
    "into": _.lazy("Part of"),
    "fields": _.lazy("Own fields"),
    "place": _.lazy("Where"),
    "given_back": _.lazy("Rows given back"),
    "not_given_back": _.lazy("Rows that could not be given back"),
    "order": _.lazy("Order"),
    "active": _.lazy("In use"),
    "lines": _.lazy("Lines kept on the timeline"),
    "tables": _.lazy("Tables"),
    "settings": _.lazy("Settings"),
    "grants": _.lazy("Grants"),
    "dictionary_entries": _.lazy("Dictionary entries"),
    "jobs": _.lazy("Jobs"),
    "days": _.lazy("Days"),
    "schedules": _.lazy("Schedules"),
}


@hookimpl
def baton_audit_words() -> list[AuditWords]:
    return [AuditWords("admin", _ACTIONS, _FIELDS)]
