"""What each plugin declared, kept in the database for the time when its package is gone.

Merge, erase, the timeline, the audit trail and `baton plugin purge` need to know a plugin's tables, references and
words whether or not its code can be imported. Written by `baton migrate` and by each process that loads a plugin whose
declarations have changed (docs/decisions/0006).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import msgspec
from sqlalchemy import Column, inspect, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.types import JSON

from platform_core.contracts.entities import CustomerReference, PastLine, UserReference
from platform_core.contracts.plugin import AuditWords
from platform_core.kernel.clock import now
from platform_core.kernel.i18n import LANGUAGES, language, speaking
from platform_core.kernel.models import OwnerRecord
from platform_core.plugins.declarations import Declarations

Texts = dict[str, str]
"""Language code -> text."""


class StoredLine(msgspec.Struct, frozen=True):
    """`contracts.entities.PastLine` with its verb in every language."""

    verb: Texts
    at: str
    permission: str
    who: str = ""
    department: str = ""
    text: str = ""
    icon: str = "notes"


class StoredReference(msgspec.Struct, frozen=True):
    """`contracts.entities.CustomerReference` by names. `blank`: column -> what it is emptied to, as JSON."""

    table: str
    column: str
    on_erase: Literal["keep", "delete", "clear"]
    on_merge: Literal["move", "drop", "stay"]
    label: Texts
    blank: dict[str, Any] = {}
    rename: tuple[str, ...] = ()
    line: StoredLine | None = None
    contact: str = ""


class StoredHolding(msgspec.Struct, frozen=True):
    """`contracts.entities.UserReference` by names, without what only code can do."""

    table: str
    column: str
    on_leave: Literal["move", "end", "keep"]
    label: Texts
    held: dict[str, tuple[str, ...]] = {}
    customer: str = ""
    engagement: str = ""
    within: str = ""
    right: str = ""
    department: str = ""
    person_label: str = ""
    department_label: str = ""
    ends: str = ""


class StoredWords(msgspec.Struct, frozen=True):
    """`contracts.plugin.AuditWords` in every language."""

    actions: dict[str, Texts] = {}
    fields: dict[str, Texts] = {}
    dictionaries: dict[str, str] = {}
    values: dict[str, dict[str, Texts]] = {}


class Content(msgspec.Struct, frozen=True):
    """Everything of a plugin that outlives its code."""

    title: Texts
    tables: tuple[str, ...] = ()
    references: tuple[StoredReference, ...] = ()
    holdings: tuple[StoredHolding, ...] = ()
    words: tuple[StoredWords, ...] = ()
    permissions: tuple[str, ...] = ()
    dictionaries: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    jobs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Absent:
    """A plugin as this database knows it, whether or not this process does."""

    name: str
    version: str
    content: Content
    is_purged: bool
    is_off: bool = False
    """It had been switched off before it went: what it did stays out of sight."""
    left_lines: bool = False
    """It was purged once, and its lines were kept."""

    @property
    def title(self) -> str:
        return said(self.content.title) or self.name

    @property
    def words(self) -> list[AuditWords]:
        """For lines of the audit trail, in the reader's language."""
        return [
            AuditWords(
                self.name,
                {code: said(text) for code, text in item.actions.items()},
                {name: said(text) for name, text in item.fields.items()},
                item.dictionaries,
                {
                    name: {code: said(text) for code, text in codes.items()} for name, codes in item.values.items()
                },
            )
            for item in self.content.words
        ]  # fmt: skip


def said(texts: Texts) -> str:
    """In the reader's language, else in any."""
    return texts.get(language()) or next(iter(texts.values()), "")


def describe(owner: str, title: str, declared: Declarations) -> Content:
    """What the plugin has declared in this process."""

    def own(registry: str) -> list[Any]:
        return [item.value for item in getattr(declared, registry).installed() if item.owner == owner]

    return Content(
        title=_texts(title),
        tables=tuple(str(table.name) for table in declared.tables.get(owner, ())),
        references=tuple(stored(item) for item in own("customer_references")),
        holdings=tuple(stored_holding(item) for item in own("user_references")),
        words=tuple(_words(item) for item in own("audit_words")),
        permissions=tuple(sorted(item.name for item in own("permissions"))),
        dictionaries=tuple(sorted(item.name for item in own("dictionaries"))),
        settings=tuple(sorted(item.key for item in own("settings"))),
        jobs=tuple(sorted(item.name for item in own("jobs"))),
    )


def keep(session: Session, declared: Declarations, installed: Mapping[str, tuple[str, str]]) -> list[str]:
    """Write down what `installed` (plugin -> title, version) have declared. Returns those that were new or changed."""
    rows = {row.name: row for row in session.scalars(select(OwnerRecord))}
    changed = []
    for owner, (title, version) in installed.items():
        content = describe(owner, title, declared)
        digest = hashlib.sha256(msgspec.json.encode([version, content])).hexdigest()
        row = rows.get(owner)
        if row is not None and row.digest == digest and not _is_purged(row):
            continue
        values = {"version": version, "digest": digest, "content": msgspec.to_builtins(content), "stored_at": now()}
        try:
            # Within a savepoint: processes that start together find the same news.
            with session.begin_nested():
                session.merge(OwnerRecord(name=owner, **values))
        except IntegrityError:
            continue  # another one was faster, with the same
        changed.append(owner)
    return changed


def absent(session: Session, present: Collection[str], off: Collection[str] = ()) -> dict[str, Absent]:
    """Plugins that left something behind and are not among `present`; `off` are those that were switched off."""
    return among(session, everything(session), present, off)


def among(
    session: Session, known: Mapping[str, Absent], present: Collection[str], off: Collection[str]
) -> dict[str, Absent]:
    """As `absent`, of what was read before."""
    found = {name: replace(item, is_off=name in off) for name, item in known.items() if name not in present}
    for table in inspect(session.connection()).get_table_names():
        name = table.removeprefix("alembic_version_")
        if name not in {table, "core", *present, *found}:
            found[name] = Absent(name, "", Content(title={}), is_purged=False)
    return found


def everything(session: Session) -> dict[str, Absent]:
    """All that is kept, of present plugins as well."""
    return {
        row.name: Absent(
            row.name, row.version, msgspec.convert(row.content, Content), _is_purged(row),
            left_lines=row.purged_at is not None,
        )
        for row in session.scalars(select(OwnerRecord).order_by(OwnerRecord.name))
    }  # fmt: skip


def _is_purged(row: OwnerRecord) -> bool:
    """What was written down after a purge has come again since."""
    return row.purged_at is not None and row.stored_at <= row.purged_at


def stored(reference: CustomerReference) -> StoredReference:
    table = reference.model.__table__
    return StoredReference(
        str(table.name),
        reference.column,
        reference.on_erase,
        reference.on_merge,
        _texts(reference.label),
        {name: emptied(table.c[name]) for name in reference.blank},
        reference.rename,
        _line(reference.line) if reference.line else None,
        reference.contact,
    )


def stored_holding(reference: UserReference) -> StoredHolding:
    return StoredHolding(
        str(reference.model.__table__.name), reference.column, reference.on_leave, _texts(reference.label),
        dict(reference.held), reference.customer, reference.engagement, reference.within, reference.right,
        reference.department, reference.person_label, reference.department_label, reference.ends,
    )  # fmt: skip


def _line(line: PastLine) -> StoredLine:
    return StoredLine(_texts(line.verb), line.at, line.permission, line.who, line.department, line.text, line.icon)


def emptied(column: Column[Any]) -> Any:
    """Null where the column may be null, else an empty text, list or object."""
    if column.nullable:
        return None
    if isinstance(column.type, JSON):
        default = column.default.arg if column.default is not None and column.default.is_callable else None  # type: ignore[attr-defined]
        return {} if getattr(default, "__name__", "") == "dict" else []
    return ""


def _texts(text: str) -> Texts:
    found = {}
    for code in LANGUAGES:
        with speaking(code):
            found[code] = str(text)
    return found if any(found.values()) else {}


def _words(words: AuditWords) -> StoredWords:
    return StoredWords(
        {code: _texts(text) for code, text in words.actions.items()},
        {name: _texts(text) for name, text in words.fields.items()},
        dict(words.dictionaries),
        {name: {code: _texts(text) for code, text in codes.items()} for name, codes in words.values.items()},
    )
