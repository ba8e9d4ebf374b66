"""Importing rows of plugins' entities: the whole table or nothing of it, every fault named with its row and column."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.contracts.importing import ImportTarget
from platform_core.kernel.cells import Reported, parse_text
from platform_core.kernel.errors import BatonError, Forbidden, NotFound
from platform_core.kernel.i18n import translator
from platform_core.kernel.spreadsheets import Limits, Table, open_table
from platform_core.kernel.xlsxguard import MB
from platform_core.plugins.registry import Owned
from platform_core.web.forms import bind
from platform_core.web.requests import Platform

_ = translator("admin")
LIMITS = Limits(bytes=10 * MB, rows=2000)
MOST_FAULTS = 50
_LONGEST = 60.0  # seconds that the rows of one table may take


@dataclass(frozen=True, slots=True)
class Fault:
    """`row` as the spreadsheet program counts; 0 is the table as a whole."""

    row: int
    column: str
    message: str


@dataclass(slots=True)
class Result:
    """Nothing may be kept of a result with faults."""

    added: int = 0
    faults: list[Fault] = field(default_factory=list)


def find(platform: Platform, actor: Actor, key: str) -> Owned[ImportTarget]:
    """Raises NotFound for a target that nobody declares now, Forbidden for one that is not the actor's."""
    item = platform.manager.declared.import_targets.find(key)
    if item is None:
        raise NotFound(_("There is nothing of this name to import."))
    if not actor.can(item.value.permission):
        raise Forbidden(lacks=item.value.permission)
    return item


def run(platform: Platform, session: Session, actor: Actor, item: Owned[ImportTarget], upload: Any | None) -> Result:
    """Add every row of an upload (litestar UploadFile) within the caller's transaction."""
    if upload is None:
        return Result(faults=[Fault(0, "", _("Choose a file first."))])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table"
        upload.file.seek(0)  # a request whose transaction a plugin broke is run again
        with path.open("wb") as target:
            shutil.copyfileobj(upload.file, target)
        try:
            table = open_table(path, str(upload.filename), limits=LIMITS)
        except Reported as error:
            return Result(faults=[Fault(0, "", explain(error))])
        return _add(platform, session, actor, item, table)


def explain(error: Reported) -> str:
    text = translator("kernel")(error.message_id)
    return text % error.params if error.params else text


def _add(platform: Platform, session: Session, actor: Actor, item: Owned[ImportTarget], table: Table) -> Result:
    target = item.value
    fields, faults = _fields(target, table.headers)
    if faults:
        return Result(faults=faults)
    if item.owner in platform.hooks.active():
        call = partial(_rows, session, actor, target, table, fields)
        result = platform.hooks.guarded(item.owner, f"import {target.key}", call, session, limit=_LONGEST)
        if result is not None:
            return result
    return Result(faults=[Fault(0, "", _("The plugin failed. An administrator sees why on the plugins page."))])


def _fields(target: ImportTarget, headers: Sequence[str]) -> tuple[list[str], list[Fault]]:
    """The field of each column. A title nobody knows is a fault: nothing may be dropped unseen."""
    known = {str(title).casefold(): name for name, title in target.columns.items()}
    known |= {name.casefold(): name for name in target.columns}
    fields = [known.get(header.casefold(), "") for header in headers]
    faults = [
        Fault(0, header, _("This column is not known; take it out or correct its title."))
        for header, name in zip(headers, fields, strict=True)
        if not name
    ]
    required = {info.encode_name for info in msgspec.structs.fields(target.input) if info.required}
    faults += [
        Fault(0, str(target.columns[name]), _("This column is missing."))
        for name in target.columns
        if name in required and name not in fields
    ]
    return fields, faults


def _rows(session: Session, actor: Actor, target: ImportTarget, table: Table, fields: Sequence[str]) -> Result:
    result = Result()
    for number, cells in table.rows():
        errors = _row(session, actor, target, dict(zip(fields, cells, strict=False)))
        result.added += not errors
        result.faults += [Fault(number, str(target.columns.get(name, "")), message) for name, message in errors.items()]
        if len(result.faults) >= MOST_FAULTS:
            break
    return result


def _row(session: Session, actor: Actor, target: ImportTarget, cells: Mapping[str, object]) -> Mapping[str, str]:
    """Messages by field; none for a row that was added."""
    texts: dict[str, str] = {}
    errors: dict[str, str] = {}
    for name, cell in cells.items():
        try:
            texts[name] = parse_text(cell)
        except Reported as error:
            errors[name] = explain(error)
    bound = bind(target.input, texts)
    errors = {**bound.errors, **errors}
    if errors or bound.value is None:
        return errors
    try:
        target.create(session, actor, bound.value)
    except BatonError as error:
        return error.fields or {"": error.message}
    return {}
