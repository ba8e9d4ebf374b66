"""How the audit trail speaks of backups."""

from __future__ import annotations

import pluggy

from platform_core.contracts.plugin import AuditWords
from platform_core.kernel.i18n import translator

_ = translator("backups")
hookimpl = pluggy.HookimplMarker("baton")
_ACTIONS = {
    "backups.make": _.lazy("made a backup"),
    "backups.verify": _.lazy("tried a backup out"),
    "backups.prune": _.lazy("removed old backups"),
    "backups.restore": _.lazy("restored the house from a backup"),
}
_FIELDS = {
    "file": _.lazy("File"),
    "files": _.lazy("Files"),
    "size": _.lazy("Size"),
    "sha256": _.lazy("SHA-256"),
    "rows": _.lazy("Rows"),
    "backup": _.lazy("Backup"),
    "made_at": _.lazy("Made at"),
    "replaced": _.lazy("What was there"),
    "messages": _.lazy("Messages that wait"),
}


@hookimpl
def baton_audit_words() -> list[AuditWords]:
    return [AuditWords("backups", _ACTIONS, _FIELDS)]
