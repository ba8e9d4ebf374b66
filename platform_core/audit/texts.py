"""Words for what is written down: actions, results, fields, values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy.orm import Session

from platform_core.audit.services import SEEN_AS
from platform_core.contracts.plugin import AuditWords
from platform_core.kernel import dictionaries
from platform_core.kernel.i18n import translator
from platform_core.plugins.manager import PluginManager

_ = translator("audit")
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
_EVERYWHERE = {SEEN_AS: _.lazy("Seen as")}
"""Fields of whatever owner's lines."""


def everybodys(manager: PluginManager) -> list[AuditWords]:
    """The words of all plugins: also of those that are off, and as they were kept of those that are gone or broken."""
    declared = [item.value for item in manager.declared.audit_words.installed()]
    silent = manager.remembered.keys() - {words.owner for words in declared}
    return [*declared, *(words for name in silent for words in manager.remembered[name].words)]


class Words:
    """What the owners of lines have declared, for one page."""

    def __init__(self, session: Session, declared: Iterable[AuditWords]) -> None:
        self._session = session
        self._owners = {item.owner: item for item in declared}

    def actions(self) -> list[tuple[str, str]]:
        """(code, phrase) of everything that is written down, by owner and phrase."""
        found = (
            (owner, str(text), code) for owner, item in self._owners.items() for code, text in item.actions.items()
        )
        return [(code, text) for _owner, text, code in sorted(found)]

    def called(self, text: str) -> tuple[str, ...]:
        """Codes of the acts whose phrase holds the text, in the reader's language."""
        asked = text.casefold()
        return tuple(code for code, phrase in self.actions() if asked in phrase.casefold()) if asked else ()

    def action(self, code: str) -> str:
        """What was done; the code itself where nobody has said."""
        return str(self._of(code).actions.get(code, code))

    def field(self, action: str, name: str) -> str:
        label = self._of(action).fields.get(name) or _EVERYWHERE.get(name)
        return str(label or name.replace("_", " "))

    def value(self, action: str, name: str, content: Any) -> str:
        """One line for a stored value."""
        if content is None or content == "":
            return "\u2014"
        if isinstance(content, bool):
            return _("yes") if content else _("no")
        if isinstance(content, list):
            return ", ".join(self.value(action, name, item) for item in content) or "\u2014"
        if isinstance(content, dict):
            parts = (f"{self.field(action, key)}: {self.value(action, key, item)}" for key, item in content.items())
            return "; ".join(parts) or "\u2014"
        words, text = self._of(action), str(content)
        if name in words.dictionaries:
            return dictionaries.label(self._session, words.dictionaries[name], text)
        return str(words.values.get(name, {}).get(text, text))

    def differences(
        self, action: str, before: dict[str, Any], after: dict[str, Any]
    ) -> list[tuple[str, str | None, str | None]]:
        """(field, before, after) in a stable order; None where one side says nothing."""
        names = [*before, *(name for name in after if name not in before)]
        return [
            (
                self.field(action, name),
                self.value(action, name, before[name]) if name in before else None,
                self.value(action, name, after[name]) if name in after else None,
            )
            for name in names
        ]

    def _of(self, action: str) -> AuditWords:
        owner = action.partition(".")[0]
        return self._owners.get(owner) or AuditWords(owner, {})
