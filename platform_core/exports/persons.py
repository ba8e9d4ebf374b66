"""The copy of everything about a person as a source: a package of JSON, tables and a readable page, with the files."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from markupsafe import Markup
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.customers.models import Contact
from platform_core.exports.models import FileRequest
from platform_core.exports.sources import Choice, Package, Source, Table
from platform_core.kernel.database import database_of, files_of
from platform_core.kernel.errors import Conflict, NotFound
from platform_core.kernel.i18n import language, translator
from platform_core.kernel.workbooks import Sheet, write_book
from platform_core.privacy import collecting, people, register
from platform_core.privacy.collecting import Copy, Held
from platform_core.privacy.models import PersonRequest
from platform_core.privacy.policies import HANDLE

_ = translator("exports")
MOST = 50_000
_MOST_BYTES = 40 * 1024 * 1024
"""Of files; beyond, the package names them and they are handed over by themselves."""


@dataclass(frozen=True, slots=True)
class PersonSource:
    request: PersonRequest

    @property
    def key(self) -> str:
        return f"person:{self.request.id}"

    @property
    def title(self) -> str:
        return _("Copy for a person, %(code)s", code=self.request.code)

    @property
    def url(self) -> str:
        return f"/privacy/requests/{self.request.id}"

    @property
    def most(self) -> int:
        return MOST

    def allowed(self, actor: Actor) -> bool:
        """Those who handle requests; which of them they see has been decided by reading it."""
        return actor.can(HANDLE) and self.request.state == "open"

    def query(self, session: Session, actor: Actor, query: str) -> str:
        return ""

    def conditions(self, session: Session, actor: Actor, query: str) -> list[str]:
        return [_("Everything about one person")]  # no name: the request outlives an erasure

    def columns(self, session: Session, actor: Actor) -> list[Choice]:
        return []

    def count(self, session: Session, actor: Actor, query: str) -> int:
        return self._copy(session).count

    def read(self, session: Session, actor: Actor, query: str, columns: Sequence[str], most: int) -> Table:
        raise Conflict(_("This leaves the house as a package only."))

    def beyond(self, session: Session, actor: Actor, query: str, approver: Actor) -> bool:
        with database_of(session).actor_session(approver, write=False) as theirs:
            return people.of_request(theirs, self.request) is None

    def asked(self, session: Session, actor: Actor, request: FileRequest) -> None:
        register.note(session, actor, self.request, "package", link=f"/exports/{request.id}")

    def package(self, session: Session, mark: str) -> Package:
        copy = self._copy(session)
        customers = [self.request.customer_id] if self.request.customer_id else []
        return Package(_zipped(session, copy, mark), copy.count, customers)

    def _copy(self, session: Session) -> Copy:
        """Within the scope of whoever asks: they have to see the person, of whom everything is then read."""
        who = people.of_request(session, self.request)
        if who is None:
            raise NotFound(_("There is no such person, or not for you."))
        of = collecting.collect_contact if isinstance(who, Contact) else collecting.collect
        copy = of(session, who.id)
        assert copy is not None
        return copy


def find(session: Session, key: str) -> Source | None:
    try:
        request_id = UUID(key)
    except ValueError:
        return None
    found = session.get(PersonRequest, request_id)
    fits = found is not None and found.kind == "access" and (found.customer_id or found.contact_id) is not None
    return PersonSource(found) if found is not None and fits else None


def _zipped(session: Session, copy: Copy, mark: str) -> bytes:
    made, room = io.BytesIO(), _MOST_BYTES
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as package:
        names: list[str] = []
        for number, (name, stored_as, size) in enumerate(copy.files, 1):
            path = files_of(session) / stored_as
            if size <= room and path.is_file():
                names.append(f"files/{number:03}-{_safe(name)}")
                package.write(path, names[-1])
                room -= size
        package.writestr("data.json", msgspec.json.format(msgspec.json.encode(_as_data(copy, mark)), indent=1))
        package.writestr("index.html", _page(copy, mark, names))
        package.writestr("data.xlsx", _book(copy, mark))
    return made.getvalue()


def _safe(name: str) -> str:
    """Without what a path is made of."""
    return "".join(char if char.isalnum() or char in "-_. " else "_" for char in name)[-120:].lstrip(".") or "file"


def _as_data(copy: Copy, mark: str) -> dict[str, Any]:
    owners: dict[str, dict[str, list[Any]]] = {}
    for part in copy.held:
        owners.setdefault(part.owner, {}).setdefault(part.label, []).extend(part.rows)
    return {"made": mark, "person": copy.name, "code": copy.code, "held": owners}


def _book(copy: Copy, mark: str) -> bytes:
    """The same as tables: a sheet for each kind of rows; the first one says whose file it is."""
    first: Sheet = (copy.code or copy.name, [mark], [])
    sheets: list[Sheet] = [
        (f"{part.owner} {part.label}", columns, [[_cell(row.get(name)) for name in columns] for row in part.rows])
        for part in copy.held
        for columns in [_columns(part)]
    ]
    with tempfile.TemporaryDirectory(prefix="baton-copy-") as folder:
        path = Path(folder) / "data.xlsx"
        write_book(path, [first, *sheets], comments=mark)
        return path.read_bytes()


def _columns(part: Held) -> list[str]:
    return list(dict.fromkeys(name for row in part.rows for name in row))


def _page(copy: Copy, mark: str, names: Sequence[str]) -> str:
    """One page that any browser shows, without anything from elsewhere."""
    listed = Markup("").join(Markup('<li><a href="{0}">{0}</a></li>').format(name) for name in names)
    missing = len(copy.files) - len(names)
    left = (
        Markup("<p>{}</p>").format(_("Files handed over by themselves: %(number)d", number=missing)) if missing else ""
    )
    files = Markup("<h2>{}</h2><ul>{}</ul>{}").format(_("Files"), listed, left) if copy.files else ""
    body = Markup("").join(_section(part) for part in copy.held)
    head = Markup('<!doctype html><html lang="{}"><meta charset="utf-8"><title>{}</title>')
    rest = Markup("<h1>{} {}</h1><p>{}</p>{}{}</html>")
    return str(
        head.format(language(), copy.name) + rest.format(copy.name, copy.code and f"({copy.code})", mark, body, files)
    )


def _section(part: Held) -> Markup:
    columns = _columns(part)
    head = Markup("").join(Markup("<th>{}</th>").format(name) for name in columns)
    lines = Markup("").join(
        Markup("<tr>{}</tr>").format(
            Markup("").join(Markup("<td>{}</td>").format(_cell(row.get(name))) for name in columns)
        )
        for row in part.rows
    )
    table = Markup('<table border="1" cellpadding="4"><tr>{}</tr>{}</table>').format(head, lines)
    return Markup("<h2>{}: {}</h2>{}").format(part.owner, part.label, table)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
