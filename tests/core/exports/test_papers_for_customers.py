"""Address lists, phone lists, labels and letters: of ticked customers or the whole list, within rights and caps."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta

import pytest
from docx import Document
from pypdf import PdfReader
from sqlalchemy import select, update

from platform_core.audit.models import AuditEntry
from platform_core.caps.models import Opened, UserCap
from platform_core.customers import contacts
from platform_core.customers.forms import AddressInput, ContactInput
from platform_core.exports import labels, letters, printing
from platform_core.exports.labelsheets import SHEETS
from platform_core.exports.models import LetterTemplate, Paper, PaperFile, Printed
from platform_core.kernel.clock import now
from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import speaking
from platform_core.kernel.jobs import enqueue
from platform_core.kernel.models import JobRow
from platform_core.users.models import Freeze
from tests.core.exports.test_files import grant, rows

NUMBERS = ("13800138001", "13800138002", "13800138003")


@pytest.fixture
def printer(runtime, factory):
    grant(runtime, "coordinator", customers_export=5)
    return factory.user(name="Petra", employee_no="E8", department=factory.department())


@pytest.fixture
def customers(runtime, factory, printer):
    """Three with a contact and a number; the last one has no address."""
    made = [factory.customer(printer, name=name) for name in ("广州远航公司", "Acme GmbH", "無址行")]
    actor = factory.actor(printer)
    with runtime.database.actor_session(actor) as session:
        for customer, number in zip(made, NUMBERS, strict=True):
            person = ContactInput(name="王喆", division="人事部", gender="f", phone=number, customer_id=customer.id)
            contacts.create(session, actor, person)
        streets = (("广东省", "广州市", "体育东路138号", "510620"), ("south", "Hamburg", "Große Bleichen 23", "20095"))
        for customer, (region, city, street, postcode) in zip(made, streets, strict=False):
            place = AddressInput(region=region, city=city, street=street, postcode=postcode)
            contacts.save_address(session, actor, customer.id, place)
    return made


def prepare(here, customers, kind, **fields):
    """From the tick in the list to the page of the paper."""
    begun = here.post("/papers/chosen", {"ids": [str(item.id) for item in customers]})
    assert begun.status_code == 303, begun.text
    draft = begun.headers["location"]
    assert 'name="paper"' in here.get(draft).text
    data = {"source": "list:customers", "paper": draft.rpartition("/")[2], "kind": kind, "reason": "For the fair"}
    return here.post("/papers/new", {**data, **fields})


def fetched(runtime, here, answer):
    assert answer.status_code == 303, answer.text
    url = answer.headers["location"]
    assert 'hx-trigger="every 2s' in here.get(url).text
    assert here.post(f"{url}/fetch").status_code == 409
    run(runtime, printing.JOB)
    return here.post(f"{url}/fetch")


def run(runtime, name):
    for key in rows(runtime, select(JobRow.id).where(JobRow.name == name, JobRow.state == "pending")):
        assert runtime.jobs.run(key)


def squeezed(text):
    return "".join(text.replace("\0", "").split())


def test_labels_from_the_tick_to_the_sheet(runtime, factory, browser, printer, customers, count_queries):
    here = browser.sign_in(printer)
    assert 'formaction="/papers/chosen"' in here.get("/customers").text
    refused = prepare(here, customers, "labels", label="L7165", first="9")
    assert (refused.status_code, "This sheet has 8 labels" in refused.text) == (422, True)
    answer = prepare(here, customers, "labels", label="L7165", first="8")
    file = fetched(runtime, here, answer)
    url = answer.headers["location"]
    assert file.headers["content-type"] == "application/pdf"
    pages = [squeezed(page.extract_text()) for page in PdfReader(io.BytesIO(file.content)).pages]
    assert len(pages) == 2  # the first sheet has one label left
    assert "510620广东省广州市体育东路138号广州远航公司人事部" in pages[0]
    assert "20095GroßeBleichen23,HamburgAcmeGmbH" in pages[1]
    assert all("ForPetraE8alone" in page for page in pages)
    with count_queries(at_most=12):
        told = here.get(url).text
    assert "1 customer has no address and gets no label: 無址行" in told
    everybody = sorted(item.id.hex for item in customers)
    printed = rows(runtime, select(AuditEntry).where(AuditEntry.action == "exports.print"))
    assert [(sorted(line.ids), line.after["kind"]) for line in printed] == [(everybody, "labels")]
    opened = rows(runtime, select(AuditEntry).where(AuditEntry.action == "exports.paper"))
    assert everybody in [sorted(line.ids) for line in opened]
    assert len(rows(runtime, select(Printed.customer_id))) == 3
    stranger = browser.sign_in(factory.user("management"))
    assert stranger.post(f"{url}/fetch").status_code == 404
    with runtime.database.system_session("later") as session:
        session.execute(update(Paper).values(at=now() - timedelta(minutes=16)))
    assert here.post(f"{url}/fetch").status_code == 404
    with runtime.database.system_session("tidy") as session:
        enqueue(session, "exports.tidy")
    run(runtime, "exports.tidy")
    assert not rows(runtime, select(PaperFile.paper_id))


def test_a_phone_list_reveals_each_number_within_the_cap(runtime, factory, browser, printer, customers):
    factory.add(UserCap(user_id=printer.id, counter="reveal", cap=2))
    here = browser.sign_in(printer)
    masked = here.get(prepare(here, customers, "phones").headers["location"]).text
    assert "138****8001" in masked
    assert not rows(runtime, select(AuditEntry.id).where(AuditEntry.action == "customers.reveal"))
    refused = prepare(here, customers, "phones", clear="1")
    page = here.get(refused.headers["location"])
    assert page.status_code == 403
    assert "3 customers whose numbers you see today; 2 are allowed" in page.text
    assert not rows(runtime, select(Opened.number).where(Opened.counter == "reveal"))
    assert not rows(runtime, select(Freeze.id))  # asking for much is no reason to lock anybody out
    clear = here.get(prepare(here, customers[:2], "phones", clear="1").headers["location"]).text
    assert "138 0013 8001" in clear
    assert "138 0013 8003" not in clear
    revealed = rows(runtime, select(AuditEntry).where(AuditEntry.action == "customers.reveal"))
    assert {line.customer_id for line in revealed} == {item.id for item in customers[:2]}
    assert rows(runtime, select(Opened.number).where(Opened.counter == "reveal").order_by(Opened.number)) == [1, 2]


def test_numbers_that_somebody_may_not_see_stay_masked(runtime, factory, browser, customers):
    """Of customers that are visible and not within the right to reveal."""
    grant(runtime, "finance", customers_view=5, customers_export=5)
    here = browser.sign_in(factory.user("finance"))
    page = here.get(prepare(here, customers, "phones", clear="1").headers["location"]).text
    assert "138****8001" in page
    assert "138 0013 8001" not in page
    addresses = here.get(prepare(here, customers, "addresses").headers["location"]).text
    assert "广东省广州市体育东路138号" in addresses
    assert "Große Bleichen 23, Hamburg" in addresses


def word(*texts):
    """A document of Word, its text cut into runs as Word does; the last one stands in a table."""
    made = Document()
    for text in texts[:-1]:
        paragraph = made.add_paragraph()
        for at in range(0, len(text), 3):
            paragraph.add_run(text[at : at + 3])
    made.add_table(1, 1).cell(0, 0).text = texts[-1]
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def test_letters_have_a_page_for_each_customer(runtime, factory, browser, printer, customers):
    head = browser.sign_in(factory.user("management"))
    refused = head.post("/papers/letters", {"name": "Fair"}, files={"file": ("a.docx", word("{{phone}}", ""))})
    assert refused.status_code == 422
    assert "These fields are not known: phone" in refused.text
    letter = word("{{客户}}, {{ Post code }}", "Dear {{salutation}}, {{code}}", "{{city}}")
    kept = head.post("/papers/letters", {"name": "Fair"}, files={"file": ("a.docx", letter)})
    assert kept.status_code == 303, kept.text
    template = rows(runtime, select(LetterTemplate))[0]
    assert head.get(f"/papers/letters/{template.id}").content == letter
    here = browser.sign_in(printer)
    assert here.get("/papers/letters").status_code == 403
    file = fetched(runtime, here, prepare(here, customers[:2], "letters", letter=str(template.id)))
    made = Document(io.BytesIO(file.content))
    texts = [item.text for item in made.paragraphs]
    assert texts == [
        "广州远航公司, 510620", f"Dear Ms 王喆, {customers[0].code}", "Acme GmbH, 20095", f"Dear Ms 王喆, {customers[1].code}",
    ]  # fmt: skip
    assert [item.paragraph_format.page_break_before for item in made.paragraphs] == [None, None, True, None]
    assert [table.cell(0, 0).text for table in made.tables] == ["广州市", "Hamburg"]
    assert "For Petra E8 alone" in made.core_properties.comments
    own = Document(io.BytesIO(fetched(runtime, here, prepare(here, customers, "letters")).content))
    assert sum(bool(item.paragraph_format.page_break_before) for item in own.paragraphs) == 2
    assert head.post(f"/papers/letters/{template.id}/remove").status_code == 303
    assert prepare(here, customers, "letters", letter=str(template.id)).status_code == 404


def test_the_whole_list_and_its_limits(runtime, factory, browser, printer, customers):
    factory.add(UserCap(user_id=printer.id, counter="print", cap=2))
    here = browser.sign_in(printer)
    whole = here.post("/papers/chosen", {"whole": "1", "state": "f=name:has:Acme"}).headers["location"]
    page = here.get(whole).text
    assert "Name contains Acme" in page
    data = {"source": "list:customers", "paper": whole.rpartition("/")[2], "reason": "For the fair"}
    shown = here.get(here.post("/papers/new", {**data, "kind": "addresses"}).headers["location"]).text
    assert "Große Bleichen 23" in shown
    assert "体育东路" not in shown
    assert here.post("/papers/new", {**data, "kind": "addresses"}).status_code == 409  # a draft is printed once
    assert prepare(here, customers, "addresses").status_code == 403  # beyond the cap
    assert (
        here.post("/papers/new", {**data, "paper": "", "source": "list:contacts", "kind": "labels"}).status_code == 422
    )
    assert browser.sign_in(factory.user("finance")).post("/papers/chosen", {"whole": "1"}).status_code == 403


@pytest.mark.any_database
def test_sheets_have_the_measures_of_what_is_sold():
    for sheet in SHEETS.values():
        across = 2 * sheet.left + (sheet.columns - 1) * sheet.pitch_x + sheet.width
        down = 2 * sheet.top + (sheet.rows - 1) * sheet.pitch_y + sheet.height
        assert (across, down) == pytest.approx(sheet.page, abs=0.11), sheet.key
        assert sheet.pitch_x >= sheet.width, sheet.key
        assert sheet.pitch_y >= sheet.height, sheet.key
    long = ["510620", "很长的地址" * 60, "客户"]
    made = PdfReader(io.BytesIO(labels.pdf(SHEETS["5160"], [long] * 31, first=1, mark="mine", author="A")))
    assert len(made.pages) == 2
    assert squeezed(made.pages[1].extract_text()).endswith("\u2026")
    width, height = made.pages[0].mediabox.width, made.pages[0].mediabox.height
    assert (float(width) / 72 * 25.4, float(height) / 72 * 25.4) == pytest.approx((215.9, 279.4), abs=0.1)


def changed(content, name, body):
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w") as new:
        for part in old.infolist():
            new.writestr(part, body(old.read(part)) if part.filename == name else old.read(part))
        if name not in old.namelist():
            new.writestr(name, body(b""))
    return file.getvalue()


_FETCHES = (
    b'<Relationship Id="rId99" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/attachedTemplate"'
    b' Target="http://elsewhere/x.dotm" TargetMode="External"/></Relationships>'
)


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no letter that Word can open"),
        (b"PK\x03\x04 broken", "no letter that Word can open"),
        (b"x" * (letters.MAX_SIZE + 1), "larger than 2 MB"),
        (word("Hello", ""), "has no field"),
        (changed(letters.sample(), "word/vbaProject.bin", lambda _old: b"x"), "has macros"),
        (changed(letters.sample(), "word/document.xml", lambda old: b"<!DOCTYPE x []>" + old), "no letter that Word"),
        (changed(letters.sample(), "word/document.xml", lambda _old: b" " * 17_000_000), "no letter that Word"),
        (changed(letters.sample(), "word/_rels/document.xml.rels",
                 lambda old: old.replace(b"</Relationships>", _FETCHES)), "fetches something from elsewhere"),
    ],
    ids=["empty", "broken", "huge", "without fields", "macros", "entities", "bomb", "remote template"],
)  # fmt: skip
def test_hostile_letters_are_not_taken(content, says):
    with speaking("en"), pytest.raises(Invalid, match=says):
        letters.check(content)
