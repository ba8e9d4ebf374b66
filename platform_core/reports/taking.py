"""Reports as something to print, or to ask for as a file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor, Scope
from platform_core.contracts.reports import Report, ReportQuery
from platform_core.exports.sources import Choice, Source, Table
from platform_core.kernel.database import database_of
from platform_core.kernel.errors import BatonError, Conflict
from platform_core.kernel.i18n import translator
from platform_core.reports import running

_ = translator("reports")
EXPORT = "reports.export"
_CUSTOMER = re.compile(r"^/customers/([0-9a-f-]{36})(?:[/?#]|$)")


@dataclass(frozen=True, slots=True)
class ReportSource:
    owner: str
    report: Report

    @property
    def key(self) -> str:
        return f"report:{self.report.key}"

    @property
    def title(self) -> str:
        return str(self.report.label)

    @property
    def url(self) -> str:
        return f"/reports/{self.report.key}"

    @property
    def most(self) -> int:
        return running.IN_FILE

    def allowed(self, actor: Actor) -> bool:
        return actor.can(EXPORT) and actor.can(self.report.permission)

    def query(self, session: Session, actor: Actor, query: str) -> str:
        return urlencode(running.pairs_of(self.report, self._read(session, actor, query)[0]))

    def conditions(self, session: Session, actor: Actor, query: str) -> list[str]:
        asked, choices = self._read(session, actor, query)
        days = [f"{asked.first} – {asked.last}"] if self.report.dated else []
        named = [(item, dict(pairs).get(asked.chosen.get(item.key, ""))) for item, pairs in choices]
        return days + [f"{item.label}: {label}" for item, label in named if label]

    def columns(self, session: Session, actor: Actor) -> list[Choice]:
        return [
            Choice(str(number), str(column.label), chosen=True) for number, column in enumerate(self.report.columns)
        ]

    def count(self, session: Session, actor: Actor, query: str) -> int:
        return len(self._rows(session, actor, query, self.most + 1))

    def read(self, session: Session, actor: Actor, query: str, columns: Sequence[str], most: int) -> Table:
        wanted = [number for number in range(len(self.report.columns)) if str(number) in columns]
        found = self._rows(session, actor, query, most + 1)
        shown = found[:most]
        links = (match for row in shown for cell in row if (match := _CUSTOMER.match(cell.url)))
        return Table(
            [str(self.report.columns[number].label) for number in wanted],
            [[row[number].value for number in wanted] for row in shown],
            list(dict.fromkeys(UUID(match[1]) for match in links)),
            len(found) > most,
        )

    def beyond(self, session: Session, actor: Actor, query: str, approver: Actor) -> bool:
        """Rows of reports are sums: only who reads the report as far as the asking person sees all behind them."""
        permission = self.report.permission
        reach, theirs = actor.scope(permission), approver.scope(permission)
        if theirs == Scope.ALL:
            return False
        departments = actor.departments_for(permission) or {actor.department_id}
        return theirs < reach or not departments <= approver.departments_for(permission)

    def _read(self, session: Session, actor: Actor, query: str) -> tuple[ReportQuery, running.Choices]:
        choices: running.Choices = [(item, item.choices(session, actor)) for item in self.report.filters]
        return running.query_of(dict(parse_qsl(query)), choices, self.most), choices

    def _rows(self, session: Session, actor: Actor, query: str, most: int) -> Sequence[Sequence[running.Cell]]:
        """Raises Conflict where the plugin fails; why is with its faults."""
        try:
            asked, _choices = self._read(session, actor, query)
            wider = ReportQuery(asked.first, asked.last, asked.chosen, most)
            return running.answer(self.report, session, actor, wider, most).rows
        except BatonError:
            raise
        except Exception as error:
            database_of(session).on_fault(self.owner, f"report {self.report.key}", error)
            raise Conflict(
                _("This report cannot be made now. An administrator sees why on the plugins page.")
            ) from error


def find(session: Session, key: str) -> Source | None:
    declared = database_of(session).declared("reports")
    return next((ReportSource(owner, report) for owner, report in declared if report.key == key), None)
