"""Files leave by request: asked with a reason, approved by somebody else, made in the asker's scope, fetched twice."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import zipfile
from datetime import timedelta

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select, update

from platform_core.audit.models import AuditEntry
from platform_core.customers.models import Customer
from platform_core.exports import deciding, lists, making
from platform_core.exports.models import FileRequest, Piece
from platform_core.kernel import counters
from platform_core.kernel.cells import clean
from platform_core.kernel.clock import now
from platform_core.kernel.i18n import speaking
from platform_core.kernel.jobs import JobContext, enqueue
from platform_core.kernel.models import JobRow
from platform_core.permissions import actors
from platform_core.permissions.models import Role, RoleGrant
from platform_core.users import accounts, notifications, passwords
from platform_core.users.models import User

PASSWORD = "correct horse battery"


def rows(runtime, statement):
    with runtime.database.system_session("look", write=False) as session:
        return list(session.scalars(statement))


def grant(runtime, code, **permissions):
    with runtime.database.system_session("grant") as session:
        role_id = session.scalars(select(Role.id).where(Role.code == code)).one()
        for name, scope in permissions.items():
            session.merge(RoleGrant(role_id=role_id, permission=name.replace("_", ".", 1), scope=scope))
        counters.bump(session, actors.COUNTER)


@pytest.fixture
def seller(runtime, factory):
    """Sees their own customers and may ask for them."""
    grant(runtime, "coordinator", customers_export=5)
    return factory.user(name="Sally", employee_no="E7", department=factory.department())


@pytest.fixture
def boss(runtime, factory):
    user = factory.user("management", name="Max")
    with runtime.database.system_session("a password") as session:
        session.get_one(User, user.id).password_hash = passwords.hash_password(PASSWORD)
    return user


@pytest.fixture
def customers(factory, seller):
    return [factory.customer(seller, name=name, city="Xian") for name in ("=Acme", "Bolt")]


def ask(browser, source="list:customers", **fields):
    data = {"source": source, "reason": "For the fair", "form": "csv", **fields}
    answer = browser.post("/exports/new", data)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def decide(browser, url, verdict="approve", **fields):
    return browser.post(f"{url}/decide", {"verdict": verdict, "password": PASSWORD, **fields})


def make(runtime):
    """Run what was enqueued."""
    for key in rows(runtime, select(JobRow.id).where(JobRow.name == deciding.JOB, JobRow.state == "pending")):
        assert runtime.jobs.run(key)


def test_from_the_list_to_the_file(runtime, factory, browser, seller, boss, customers):
    factory.customer(name="Of somebody else")
    here, there = browser.sign_in(seller), browser.sign_in(boss)
    link = re.search(r'href="(/exports/new\?of=list:customers[^"]*)"', here.get("/customers?f=city:is:Xian").text)[1]
    form = here.get(link.replace("&amp;", "&"))
    assert "City is Xian" in form.text
    query = re.search(r'name="query" value="([^"]*)"', form.text)[1]
    url = ask(here, query=query.replace("&amp;", "&"), columns=["name", "city"])
    assert "waits for a decision" in here.get("/exports").text
    with speaking("en"), runtime.database.system_session("look", write=False) as session:
        news = notifications.page_of(session, factory.actor(boss))
    assert [(item.text, item.url) for item in news] == [("Sally asks for Customers as a file (2 rows).", url)]
    assert "For the fair" in there.get("/exports/waiting").text
    assert "City is Xian" in there.get(url).text
    assert decide(there, url).status_code == 303
    assert here.post(f"{url}/fetch").status_code == 409  # not made yet
    make(runtime)
    file = here.post(f"{url}/fetch")
    assert file.headers["content-disposition"].startswith('attachment; filename="customers-')
    lines = list(csv.reader(io.StringIO(file.text.removeprefix("\ufeff"))))
    assert lines[0][0].startswith("For Sally E7 alone, ")
    assert lines[0][0].endswith(url.rpartition("/")[2])
    assert lines[1] == ["Customer", "City"]
    assert sorted(lines[2:]) == [["'=Acme", "Xian"], ["Bolt", "Xian"]]
    made = rows(runtime, select(FileRequest))[0]
    assert (made.rows, made.sha256, made.downloads) == (2, hashlib.sha256(file.content).hexdigest(), 1)
    noted = rows(runtime, select(AuditEntry).where(AuditEntry.action.startswith("exports.")).order_by(AuditEntry.seq))
    assert [line.action.removeprefix("exports.") for line in noted] == ["ask", "approve", "make", "ready", "download"]
    assert [line.actor_id for line in noted] == [seller.id, boss.id, seller.id, seller.id, seller.id]
    assert set(noted[2].ids) == {customer.id.hex for customer in customers}
    assert noted[4].after["sha256"] == made.sha256


def test_a_sheet_says_whose_it_is_in_row_and_properties(runtime, browser, seller, boss, customers):
    here = browser.sign_in(seller)
    url = ask(here, form="xlsx")
    decide(browser.sign_in(boss), url)
    make(runtime)
    content = here.post(f"{url}/fetch").content
    found = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    assert found[0][0].startswith("For Sally E7 alone")
    assert {row[0] for row in found[2:]} == {"=Acme", "Bolt"}
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        assert "For Sally E7 alone" in parts.read("docProps/core.xml").decode()
        assert b"<f>" not in parts.read("xl/worksheets/sheet1.xml")


def test_nobody_approves_for_themselves_without_the_right_or_without_the_password(
    runtime, factory, browser, seller, boss, customers
):
    factory.user("management")
    url = ask(browser.sign_in(boss))
    assert decide(browser.sign_in(boss), url).status_code == 403
    assert decide(browser.sign_in(seller), url).status_code == 403
    assert browser.sign_in(seller).get(url).status_code == 404  # not even who asked for what
    theirs = ask(browser.sign_in(seller))
    wrong = decide(browser.sign_in(boss), theirs, password="guess")
    assert "That was not your password" in wrong.text
    assert decide(browser.sign_in(boss), theirs, "decline").status_code == 422  # without a word
    assert rows(runtime, select(FileRequest.state)) == ["asked", "asked"]
    assert not rows(runtime, select(JobRow.id).where(JobRow.name == deciding.JOB))
    failed = select(AuditEntry).where(AuditEntry.action == "exports.approve", AuditEntry.result == "failed")
    assert len(rows(runtime, failed)) == 1
    assert decide(browser.sign_in(boss), theirs, "decline", note="Not needed").status_code == 303
    assert decide(browser.sign_in(boss), theirs).status_code == 409
    assert "Not needed" in browser.sign_in(seller).get(theirs).text


def test_who_sees_less_than_the_rows_does_not_approve_them(runtime, factory, browser, seller, boss, customers):
    """A head of another department holds the right, and the people's names, but not the customers."""
    grant(runtime, "department_head", exports_approve=5)
    head = factory.user("department_head", department=factory.department())
    own = factory.user("department_head", name="Own head")
    with runtime.database.system_session("heads with passwords") as session:
        for user, department in ((head, head.department_id), (own, seller.department_id)):
            row = session.get_one(User, user.id)
            row.password_hash, row.department_id = passwords.hash_password(PASSWORD), department
        counters.bump(session, actors.COUNTER)
    url = ask(browser.sign_in(seller))
    refused = decide(browser.sign_in(head), url)
    assert refused.status_code == 403
    assert "rows that you may not see" in refused.text
    assert decide(browser.sign_in(own), url).status_code == 303


def test_the_file_holds_what_the_asker_may_see_when_it_is_made(runtime, browser, seller, boss, customers, factory):
    here = browser.sign_in(seller)
    url = ask(here)
    decide(browser.sign_in(boss), url)
    with runtime.database.system_session("a customer goes to somebody else") as session:
        session.execute(update(Customer).where(Customer.id == customers[0].id).values(owner_id=boss.id))
    make(runtime)
    text = here.post(f"{url}/fetch").text
    assert "Bolt" in text
    assert "Acme" not in text


@pytest.mark.parametrize("lost", ["right", "account"])
def test_whoever_may_no_longer_have_it_gets_nothing(runtime, browser, seller, boss, customers, lost):
    url = ask(browser.sign_in(seller))
    decide(browser.sign_in(boss), url)
    if lost == "right":
        grant(runtime, "coordinator", customers_export=0)
    else:
        with runtime.database.system_session("leave") as session:
            accounts.end_all(session, session.get_one(User, seller.id))
            session.get_one(User, seller.id).status = "left"
    make(runtime)
    assert not rows(runtime, select(Piece.request_id))
    assert rows(runtime, select(FileRequest.state)) == ["failed" if lost == "right" else "approved"]


def test_a_file_is_fetched_twice_within_a_day_by_who_asked_and_then_shredded(runtime, browser, seller, boss, customers):
    here = browser.sign_in(seller)
    first, second = ask(here), ask(here, reason="Once more")
    for url in (first, second):
        decide(browser.sign_in(boss), url)
    make(runtime)
    assert browser.sign_in(boss).post(f"{first}/fetch").status_code == 404
    answers = [here.post(f"{first}/fetch").status_code for _time in range(making.MOST_DOWNLOADS + 1)]
    assert answers == [200, 200, 409]
    assert len(rows(runtime, select(Piece.request_id))) == 1
    with runtime.database.system_session("a day passes") as session:
        session.execute(update(FileRequest).values(expires_at=now() - timedelta(seconds=1)))
    assert here.post(f"{second}/fetch").status_code == 409
    with runtime.database.system_session("tidy") as session:
        key = enqueue(session, "exports.tidy")
    assert runtime.jobs.run(key)
    assert not rows(runtime, select(Piece.request_id))
    assert set(rows(runtime, select(FileRequest.state))) == {"gone"}


def test_what_is_kept_of_a_file_is_encrypted(runtime, browser, seller, boss, customers):
    decide(browser.sign_in(boss), ask(browser.sign_in(seller)))
    make(runtime)
    assert b"Bolt" not in rows(runtime, select(Piece.content))[0]


def test_no_address_gives_rows_as_a_file_without_a_request(runtime, browser, boss, customers):
    there = browser.sign_in(boss)
    for path in ("customers", "contacts", "opportunities"):
        for suffix in ("export", "export/xlsx", "csv", "xlsx"):
            assert there.get(f"/{path}/{suffix}").status_code in {404, 405}
    assert there.get("/reports/activities.effort/csv").status_code == 404


def test_programs_ask_and_neither_decide_nor_fetch(runtime, browser, seller, boss, customers):
    program = browser.token(seller)
    asked = program.post("/api/v1/exports", json={"source": "list:customers", "reason": "For the fair"})
    assert asked.status_code == 201, asked.text
    url = f"/api/v1/exports/{asked.json()['id']}"
    assert program.get(url).json()["state"] == "asked"
    assert [item["id"] for item in program.get("/api/v1/exports").json()["items"]] == [asked.json()["id"]]
    assert browser.token(boss).get(url).status_code == 404
    for act in ("decide", "fetch", "approve"):
        assert browser.token(boss).post(f"{url}/{act}").status_code == 404
    assert program.post("/api/v1/exports", json={"source": "list:nothing", "reason": "For it"}).status_code == 404
    url = url.removeprefix("/api/v1")
    assert decide(browser.token(boss), url).status_code == 403
    assert decide(browser.sign_in(boss), url).status_code == 303
    make(runtime)
    assert program.post(f"{url}/fetch").status_code == 403
    strange = {"source": "list:customers", "reason": "For it", "columns": ["password"]}
    assert program.post("/api/v1/exports", json=strange).status_code == 422


def test_a_request_needs_the_right_a_reason_rows_and_somebody_to_decide(runtime, factory, browser, seller, customers):
    here = browser.sign_in(seller)
    data = {"source": "list:customers", "reason": "For the fair"}
    assert here.post("/exports/new", {**data, "reason": ""}).status_code == 422
    assert here.post("/exports/new", data).status_code == 409  # nobody may approve
    factory.user("management")
    assert here.post("/exports/new", {**data, "query": "f=city:is:Nowhere"}).status_code == 409
    assert here.post("/exports/new", {**data, "source": "list:opportunities"}).status_code == 404
    finance = browser.sign_in(factory.user("finance"))
    assert finance.get("/exports/new?of=list:customers").status_code == 404
    assert "/exports/new" not in finance.get("/customers").text
    url = ask(here)
    assert here.post(f"{url}/withdraw").status_code == 303
    assert rows(runtime, select(FileRequest.state)) == ["withdrawn"]
    for _number in range(5):
        ask(here)
    assert here.post("/exports/new", data).status_code == 409


def test_pages_stay_within_their_statements(browser, seller, boss, customers, count_queries):
    here, there = browser.sign_in(seller), browser.sign_in(boss)
    url = ask(here)
    for reader, address in (
        (here, "/exports"), (here, "/exports/new?of=list:customers"), (there, "/exports/waiting"), (there, url),
        (here, "/papers/new?of=list:customers"),
    ):  # fmt: skip
        with count_queries(at_most=12):
            assert reader.get(address).status_code == 200


def many(factory, seller, count):
    return [factory.customer(seller, name=f"Firm {number:03}", name_key=f"{number:03}") for number in range(count)]


def text_of(answer):
    return [line[0] for line in csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")))]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_list_in_parts_goes_on_where_it_was_killed(runtime, factory, browser, seller, boss, monkeypatch, form):
    """Each part once, in the file as in the trail; a sheet that is full goes on in a second one."""
    monkeypatch.setattr(lists, "_PART", 4)
    monkeypatch.setattr(making, "MAX_ROWS", 2 + 7)
    people = many(factory, seller, 10)
    here = browser.sign_in(seller)
    url = ask(here, form=form, columns=["name"], query="sort=name")
    decide(browser.sign_in(boss), url)
    progress = JobContext.progress
    left = iter([True, True, False])

    def killed(context, session, done, total, message=""):
        progress(context, session, done, total, message)
        if not next(left, True):
            raise KeyboardInterrupt

    key = rows(runtime, select(JobRow.id).where(JobRow.name == deciding.JOB))[0]
    with monkeypatch.context() as patch:
        patch.setattr(JobContext, "progress", killed)
        with pytest.raises(KeyboardInterrupt):
            runtime.jobs.run(key)
    (half,) = rows(runtime, select(FileRequest))
    assert (half.state, half.rows, len(rows(runtime, select(Piece.number)))) == ("approved", 8, 2)
    assert "8 of 10 rows" in here.get(url).text
    with runtime.database.system_session("the lease ends") as session:
        session.execute(update(JobRow).where(JobRow.id == key).values(lease_until=now() - timedelta(seconds=1)))
    assert runtime.jobs.run(key)
    (made,) = rows(runtime, select(FileRequest))
    assert (made.state, made.rows) == ("ready", 10)
    noted = rows(runtime, select(AuditEntry).where(AuditEntry.action == "exports.make").order_by(AuditEntry.seq))
    assert [len(line.ids) for line in noted] == [4, 4, 2]
    assert {key for line in noted for key in line.ids} == {customer.id.hex for customer in people}
    answer = here.post(f"{url}/fetch")
    assert hashlib.sha256(answer.content).hexdigest() == made.sha256
    names = [customer.name for customer in people]
    if form == "csv":
        assert text_of(answer)[1:] == ["Customer", *names]
        return
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    sheets = [book.get_sheet_by_index(number).to_python() for number in range(2)]
    assert [[line[0] for line in sheet[2:]] for sheet in sheets] == [names[:7], names[7:]]
    assert sheets[0][:2] == sheets[1][:2]
    assert not rows(runtime, select(Piece.number).where(Piece.number < 0))


def test_a_file_that_is_being_made_is_taken_back(runtime, factory, browser, seller, boss, monkeypatch):
    monkeypatch.setattr(lists, "_PART", 4)
    many(factory, seller, 10)
    here = browser.sign_in(seller)
    url = ask(here)
    decide(browser.sign_in(boss), url)
    take = making._take
    monkeypatch.setattr(making, "_take", lambda *given: take(*given) and here.post(f"{url}/withdraw").status_code)
    make(runtime)
    (taken_back,) = rows(runtime, select(FileRequest))
    assert (taken_back.state, taken_back.rows) == ("withdrawn", 4)
    assert not rows(runtime, select(Piece.number))
    assert here.post(f"{url}/fetch").status_code == 409


def test_of_very_many_rows_only_who_sees_everything_decides(runtime, factory, browser, seller, customers, monkeypatch):
    """Whoever sees just these rows might be asked to look at each of a million."""
    monkeypatch.setattr(lists, "_COMPARED", 1)
    grant(runtime, "department_head", exports_approve=5)
    own = factory.user("department_head", department=None, name="Own head")
    with runtime.database.system_session("a head with a password") as session:
        row = session.get_one(User, own.id)
        row.password_hash, row.department_id = passwords.hash_password(PASSWORD), seller.department_id
        counters.bump(session, actors.COUNTER)
    url = ask(browser.sign_in(seller))
    assert decide(browser.sign_in(own), url).status_code == 403


@pytest.mark.any_database
def test_texts_are_never_formulas(runtime, factory, browser, seller, boss):
    """However a spreadsheet program is told to calculate, or to run something."""
    hostile = ["=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\u200b=1", "\uff1d1+1", " =1", "=cmd|' /C calc'!A0"]
    for number, name in enumerate(hostile):
        factory.customer(seller, name=name, name_key=str(number), city=name)
    here = browser.sign_in(seller)
    texts = {}
    for form in ("csv", "xlsx"):
        url = ask(here, form=form, columns=["name", "city"], query="sort=name")
        decide(browser.sign_in(boss), url)
        make(runtime)
        texts[form] = here.post(f"{url}/fetch").content
    lines = list(csv.reader(io.StringIO(texts["csv"].decode("utf-8-sig"), newline="")))
    cells = [cell for line in lines for cell in line if cell]
    assert len(cells) == 1 + 2 + 2 * len(hostile)
    assert not [cell for cell in cells if clean(cell)[:1] in {"=", "+", "-", "@", "\uff1d"}]
    assert not [cell for cell in cells if cell[0] in "\t\r"]
    with zipfile.ZipFile(io.BytesIO(texts["xlsx"])) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert sheet.count(' t="') == sheet.count(' t="inlineStr"') >= len(cells)
