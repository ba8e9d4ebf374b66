"""How the audit trail speaks of what this package does."""

from __future__ import annotations

import pluggy

from platform_core.contracts.plugin import AuditWords
from platform_core.customers import fields
from platform_core.customers.forms import DICTIONARY_FIELDS
from platform_core.kernel.i18n import translator

_ = translator("customers")
hookimpl = pluggy.HookimplMarker("baton")
_ACTIONS = {
    "customers.view": _.lazy("opened a customer"),
    "customers.list": _.lazy("listed customers"),
    "customers.search": _.lazy("searched"),
    "customers.history": _.lazy("read the history"),
    "customers.timeline": _.lazy("read the timeline"),
    "customers.create": _.lazy("added a customer"),
    "customers.update": _.lazy("changed a customer"),
    "customers.set_status": _.lazy("changed the status"),
    "customers.tags": _.lazy("changed the tags"),
    "customers.delete": _.lazy("moved a customer into the bin"),
    "customers.restore": _.lazy("took a customer out of the bin"),
    "customers.merge_preview": _.lazy("compared two customers to merge them"),
    "customers.merge": _.lazy("merged another customer into this one"),
    "customers.merged_into": _.lazy("merged this customer into another one"),
    "customers.unmerge": _.lazy("undid a merge"),
    "customers.erase_preview": _.lazy("looked at what erasing would do"),
    "customers.erase": _.lazy("erased the person behind a customer"),
    "customers.bin": _.lazy("looked into the bin"),
    "customers.check_duplicates": _.lazy("looked for duplicates"),
    "customers.reveal": _.lazy("saw a number in the clear"),
    "customers.contacts": _.lazy("read contacts"),
    "customers.contact_create": _.lazy("added a contact"),
    "customers.contact_update": _.lazy("changed a contact"),
    "customers.contact_delete": _.lazy("removed a contact"),
    "customers.contact_attach": _.lazy("gave a contact to a customer"),
    "customers.point_delete": _.lazy("removed a number or address"),
    "customers.address": _.lazy("changed an address"),
    "customers.attach": _.lazy("attached a file"),
    "customers.detach": _.lazy("removed a file"),
    "customers.download": _.lazy("downloaded a file"),
    "customers.imports": _.lazy("listed imports"),
    "customers.import_upload": _.lazy("uploaded a table"),
    "customers.import_check": _.lazy("checked a table"),
    "customers.import_view": _.lazy("looked at an import"),
    "customers.import_start": _.lazy("started an import"),
    "customers.import": _.lazy("imported customers"),
    "customers.import_update": _.lazy("changed a customer by import"),
    "customers.import_finish": _.lazy("finished an import"),
    "customers.import_cancel": _.lazy("stopped an import"),
    "customers.import_retry": _.lazy("ran an import again"),
    "customers.import_discard": _.lazy("threw a table away"),
    "customers.import_download": _.lazy("downloaded rows of an import"),
    "customers.import_revert_preview": _.lazy("looked at taking an import back"),
    "customers.import_revert_start": _.lazy("started taking an import back"),
    "customers.import_revert": _.lazy("removed imported customers"),
    "customers.import_restore": _.lazy("gave a customer back what it was"),
    "customers.import_revert_finish": _.lazy("took an import back"),
    "customers.team": _.lazy("put a customer into a team, or out of it"),
    "customers.team_ask": _.lazy("asked for a team for customers"),
    "customers.transfers": _.lazy("listed transfers"),
    "customers.transfer_draft": _.lazy("prepared a transfer"),
    "customers.transfer_discard": _.lazy("gave a transfer up"),
    "customers.transfer_view": _.lazy("looked at a transfer"),
    "customers.transfer_confirm": _.lazy("confirmed a transfer"),
    "customers.transfer": _.lazy("gave a customer to another owner"),
    "customers.transfer_finish": _.lazy("finished a transfer"),
    "customers.transfer_undo": _.lazy("gave a customer back to its earlier owner"),
    "customers.transfer_undo_finish": _.lazy("took a transfer back"),
    "customers.transfer_retry": _.lazy("started a transfer again"),
    "customers.leaving_view": _.lazy("looked at what a leaver holds"),
    "customers.leaving_draft": _.lazy("chose who takes over from a leaver"),
    "customers.leaving_confirm": _.lazy("had everything of a leaver passed on"),
    "customers.leaving_rights": _.lazy("ended the rights of a leaver"),
    "customers.leaving_seen": _.lazy("looked at what a leaver had seen"),
}
_FIELDS = {
    **fields.LABELS,
    "file": _.lazy("File"),
    "bytes": _.lazy("Bytes"),
    "rows": _.lazy("Rows"),
    "new": _.lazy("New customers"),
    "error": _.lazy("Rows with errors"),
    "duplicate": _.lazy("Duplicates"),
    "duplicates": _.lazy("Customers that are in the house already"),
    "imported": _.lazy_pgettext("import", "Added"),
    "updated": _.lazy_pgettext("import", "Changed"),
    "update": _.lazy("Customers that would be changed"),
    "removed": _.lazy("Removed again"),
    "verdict": _.lazy("Rows"),
    "words": _.lazy("Words"),
    "by": _.lazy("Only"),
    "count": _.lazy("Number"),
    "sha256": _.lazy("Checksum"),
    "view": _.lazy("View"),
    "sort": _.lazy("Order"),
    "conditions": _.lazy("Conditions"),
    "merged": _.lazy("Merged customer"),
    "kept": _.lazy("Kept customer"),
    "given": _.lazy("Customers given"),
    "stayed": _.lazy("Customers that stayed"),
    "given_back": _.lazy("Customers given back"),
    "not_given_back": _.lazy("Customers that could not be given back"),
}
_DICTIONARIES = {name: f"customers.{name}" for name in DICTIONARY_FIELDS}
_VALUES = {
    "kind": {**fields.KINDS, **fields.ADDRESS_KINDS},
    "gender": fields.GENDERS,
    "verdict": {"error": _.lazy("Rows with errors"), "duplicate": _.lazy("Duplicates")},
    "duplicates": {
        "skip": _.lazy("leave out"),
        "fill": _.lazy("fill in what is empty there"),
        "overwrite": _.lazy("overwrite with what the table says"),
        "import": _.lazy("import all the same"),
    },
}


@hookimpl
def baton_audit_words() -> list[AuditWords]:
    return [AuditWords("customers", _ACTIONS, _FIELDS, dictionaries=_DICTIONARIES, values=_VALUES)]
