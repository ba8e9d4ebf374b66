"""What files and printing say about their tables: who sees the rows, and whom they are about."""

from __future__ import annotations

from platform_core.contracts.entities import CustomerReference, Entity, UserReference
from platform_core.contracts.identity import Permission
from platform_core.exports import models
from platform_core.exports.asking import APPROVE
from platform_core.exports.lettering import KEEP
from platform_core.kernel.i18n import translator

_ = translator("exports")
_OWN_PAGES = "requests and papers of their owner, and of those who decide; files open for their owner alone"
_OWN = (models.FileRequest, models.Piece, models.Paper, models.PaperFile, models.Printed)
ENTITIES = [
    *(Entity(model, None, reason=_OWN_PAGES) for model in _OWN),
    Entity(models.LetterTemplate, None, reason="words of the house, without customers"),
]
# A day's count is of records as they were, as that of openings.
CUSTOMER_REFERENCES = [CustomerReference(models.Printed, "customer_id", "keep", "stay", label=_.lazy("Counted prints"))]
# Who asked, decided and printed stays known; what is asked for is of no use to anybody else.
USER_REFERENCES = [
    UserReference(models.FileRequest, "requester_id"),
    UserReference(models.FileRequest, "decided_by"),
    UserReference(models.Paper, "user_id"),
    UserReference(models.Printed, "user_id"),
    UserReference(models.LetterTemplate, "uploaded_by"),
]
PERMISSIONS = [
    Permission(APPROVE, _.lazy("Approve files that others ask for"), scoped=False),
    Permission(KEEP, _.lazy("Keep letters that are printed"), scoped=False),
]
GRANTS = {permission.name: "all" for permission in PERMISSIONS}
