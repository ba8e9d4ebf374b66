"""Tables as a collector has them, and a person who takes them through the wizard."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from uuid import UUID

import openpyxl
import pytest
from sqlalchemy import select

from platform_core.app import Runtime
from platform_core.customers.importing.models import ImportBatch
from platform_core.customers.models import Customer
from platform_core.testing.browser import Browser
from platform_core.testing.factories import Factory
from platform_core.users.models import User

TITLES = [
    "客户名称",
    "联系人",
    "手机",
    "邮箱",
    "行业",
    "地区",
    "来源",
    "来源网址",
    "地址",
    "备注",
    "级别",
    "状态",
    "收集日期",
    "微信",
]
GOOD = ["上海启衡管理咨询有限公司", "张海涛", "138 0000 6021", "zhang@qiheng.example", "manufacturing", "EAST", "exhibition", "https://qiheng.example/contact", "上海市延安路1号", "对总裁班有兴趣", "A", "", "2026.11.20", "zht_6021"]  # fmt: skip


def row(**cells: Any) -> list[Any]:
    """A good row with some cells of your own."""
    values = dict(zip(TITLES, GOOD, strict=True)) | cells
    return list(values.values())


def xlsx(titles: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(list(titles))
    for cells in rows:
        sheet.append(list(cells))
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def csv_text(titles: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    target = io.StringIO(newline="")
    writer = csv.writer(target)
    writer.writerow(titles)
    writer.writerows(rows)
    return target.getvalue()


def uploads(runtime: Runtime) -> set[str]:
    """Names of the stored files."""
    return {path.name for path in (runtime.settings.data_dir / "uploads").glob("*")}


@dataclass
class Collector:
    """Somebody signed in, walking through the wizard; jobs run when told to."""

    runtime: Runtime
    browser: Browser
    user: User
    batch_id: UUID = field(init=False)

    def upload(self, content: bytes, filename: str = "customers.xlsx") -> Any:
        answer = self.browser.post("/customers/import", {}, files={"file": (filename, content)})
        if answer.status_code == 303:
            self.batch_id = UUID(answer.headers["location"].rsplit("/", 1)[1])
        return answer

    @property
    def url(self) -> str:
        return f"/customers/imports/{self.batch_id}"

    @property
    def batch(self) -> ImportBatch:
        with self.runtime.database.system_session("test", write=False) as session:
            return session.get_one(ImportBatch, self.batch_id)

    def page(self, path: str = "", **options: Any) -> str:
        answer = self.browser.get(self.url + path, **options)
        assert answer.status_code == 200, answer.text
        return answer.text

    def act(self, verb: str, **data: Any) -> Any:
        return self.browser.post(f"{self.url}/{verb}", data)

    def run(self) -> bool:
        job_id = self.batch.job_id
        assert job_id is not None
        return self.runtime.jobs.run(job_id)

    def check(self, **changes: str) -> ImportBatch:
        """Accept the mapping that the page proposes, with changes, and run the dry run."""
        page = self.page("/mapping")
        chosen = {
            name: "".join(re.findall(r'<option value="([^"]*)" selected>', body))
            for name, body in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL)
        }
        # Very wide tables choose by a target's words, out of one list for all columns.
        named = re.findall(r'<input[^>]* list="targets"[^>]* name="([^"]+)" value="([^"]*)"', page)
        chosen |= {name: unescape(words) for name, words in named}
        answer = self.act("mapping", **{**chosen, **changes})
        assert answer.status_code == 303, answer.text
        assert self.run()
        return self.batch

    def commit(self) -> ImportBatch:
        answer = self.act("commit")
        assert answer.status_code == 303, answer.text
        assert self.run()
        return self.batch

    def customers(self) -> list[Customer]:
        with self.runtime.database.system_session("test", write=False) as session:
            return list(
                session.scalars(select(Customer).where(Customer.batch_id == self.batch_id).order_by(Customer.code))
            )


@pytest.fixture
def collector(runtime: Runtime, factory: Factory, browser: Browser) -> Collector:
    department = factory.department("资料收集部")
    user = factory.user(department=department, name="Collector")
    return Collector(runtime, browser.sign_in(user), user)
