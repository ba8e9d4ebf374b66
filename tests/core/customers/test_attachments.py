from __future__ import annotations

import io
import zipfile

import pytest
from sqlalchemy import select

from platform_core.audit.models import AuditEntry
from platform_core.customers import attachments, filetypes
from platform_core.customers.models import Attachment
from platform_core.kernel.errors import Invalid

PDF = b"%PDF-1.7\n1 0 obj\n"


def archive(*names):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        for name in names:
            made.writestr(name, "x")
    return file.getvalue()


@pytest.fixture
def me(factory):
    return factory.user("coordinator", factory.department())


@pytest.fixture
def mine(browser, me):
    return browser.sign_in(me)


@pytest.fixture
def customer(factory, me):
    return factory.customer(me)


def stored_files(runtime):
    folder = runtime.settings.data_dir / "files"
    return {path.read_bytes() for path in folder.glob("*/*")} if folder.exists() else set()


def put(browser, customer, name, content, **options):
    return browser.request("POST", f"/customers/{customer.id}/files", files={"file": (name, content)}, **options)


def rows(factory, statement):
    with factory.runtime.database.system_session("look", write=False) as session:
        return session.scalars(statement).all()


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("合同.pdf", PDF, "application/pdf"),
        ("photo.JPEG", b"\xff\xd8\xff\xe0rest", "image/jpeg"),
        ("scan.png", b"\x89PNG\r\n\x1a\nrest", "image/png"),
        ("名单.txt", "张海涛,经理".encode("gb18030"), "text/plain"),
        ("list.xlsx", archive("[Content_Types].xml", "xl/workbook.xml"), filetypes.MEDIA_TYPES["xlsx"]),
        ("letter.docx", archive("word/document.xml"), filetypes.MEDIA_TYPES["docx"]),
        ("all.zip", archive("a.txt"), "application/zip"),
    ],
)
def test_allowed_files_come_back_as_downloads(mine, customer, factory, runtime, name, content, media_type):
    assert put(mine, customer, name, content).status_code == 303
    (row,) = rows(factory, select(Attachment))
    assert (row.filename, row.media_type, row.size) == (name, media_type, len(content))
    assert name.rpartition(".")[0] not in row.stored_as
    answer = mine.get(f"/customers/{customer.id}/files/{row.id}")
    assert answer.content == content
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["content-type"].startswith(media_type)
    assert answer.headers["x-content-type-options"] == "nosniff"
    actions = rows(factory, select(AuditEntry.action))
    assert "customers.attach" in actions
    assert "customers.download" in actions
    assert name in mine.get(f"/customers/{customer.id}?tab=files").text


LONG = PDF + b"".join(b"%06d" % number for number in range(100_000))


@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [
        ("bytes=0-9", 206, LONG[:10]),
        ("bytes=300000-", 206, LONG[300_000:]),
        ("bytes=-7", 206, LONG[-7:]),
        (f"bytes=5-{10**14}", 206, LONG[5:]),
        (f"bytes=-{10**14}", 206, LONG),
        (f"bytes={len(LONG) - 1}-", 206, LONG[-1:]),
        (f"bytes={len(LONG)}-", 416, b""),
        ("bytes=-0", 416, b""),
        ("bytes=9-5", 416, b""),
        ("bytes=-", 200, LONG),
        ("bytes=0-1,5-9", 200, LONG),
        ("lines=0-9", 200, LONG),
        ("bytes=a-b", 200, LONG),
        ("", 200, LONG),
    ],
)
def test_a_download_that_broke_off_goes_on_where_it_was(mine, customer, factory, asked, status, part):
    put(mine, customer, "\u5408\u540c.pdf", LONG)
    (row,) = rows(factory, select(Attachment))
    url = f"/customers/{customer.id}/files/{row.id}"
    answer = mine.get(url, headers={"range": asked} if asked else {})
    assert (answer.status_code, answer.content) == (status, part)
    assert answer.headers["accept-ranges"] == "bytes"
    if status == 416:
        assert answer.headers["content-range"] == f"bytes */{len(LONG)}"
        return
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["etag"] == f'"{row.sha256}"'
    assert "content-encoding" not in answer.headers
    assert int(answer.headers["content-length"]) == len(part)
    assert ("content-range" in answer.headers) == (status == 206)


def test_a_part_of_what_has_changed_is_not_put_behind_the_rest(mine, customer, factory):
    put(mine, customer, "a.pdf", LONG)
    (row,) = rows(factory, select(Attachment))
    url, asked = f"/customers/{customer.id}/files/{row.id}", {"range": "bytes=10-19"}
    assert mine.get(url, headers={**asked, "if-range": f'"{row.sha256}"'}).content == LONG[10:20]
    changed = mine.get(url, headers={**asked, "if-range": '"another"'})
    assert (changed.status_code, changed.content) == (200, LONG)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("page.html", b"<script>alert(1)</script>"),
        ("picture.svg", b"<svg/>"),
        ("contract.pdf", b"MZ\x90\x00"),
        ("empty.pdf", b""),
        ("list.xlsx", archive("word/document.xml")),
        ("broken.docx", b"PK\x03\x04 nothing"),
        ("binary.txt", b"a\x00b"),
        ("noending", PDF),
    ],
)
def test_other_files_are_refused_with_a_reason(mine, customer, factory, runtime, name, content):
    before = stored_files(runtime)
    answer = put(mine, customer, name, content)
    assert answer.status_code == 422
    assert "field-error" in answer.text
    assert rows(factory, select(Attachment)) == []
    assert stored_files(runtime) == before


def test_a_file_that_is_too_large_is_refused(mine, customer, factory, monkeypatch):
    monkeypatch.setattr(attachments, "MAX_SIZE", 1024 * 1024)
    answer = put(mine, customer, "big.pdf", PDF + b"0" * 1024 * 1024)
    assert answer.status_code == 422
    assert "1 MB" in answer.text
    assert rows(factory, select(Attachment)) == []


def test_no_file_at_all_is_refused(mine, customer):
    assert mine.post(f"/customers/{customer.id}/files", {"other": "x"}).status_code == 422


def test_foreign_files_do_not_exist(mine, customer, browser, factory):
    put(mine, customer, "a.pdf", PDF)
    (row,) = rows(factory, select(Attachment))
    stranger = browser.sign_in(factory.user("department_head", factory.department()))
    assert stranger.get(f"/customers/{customer.id}/files/{row.id}").status_code == 404
    assert put(stranger, customer, "b.pdf", PDF).status_code == 404
    assert stranger.post(f"/customers/{customer.id}/files/{row.id}/delete").status_code == 404
    own = factory.customer(factory.user())
    assert mine.get(f"/customers/{own.id}/files/{row.id}").status_code == 404


def test_a_file_goes_when_its_transaction_fails(runtime, factory, me, customer):
    actor = factory.actor(me)
    before = stored_files(runtime)

    class Upload:
        filename = "a.pdf"
        file = io.BytesIO(PDF + b"rolled back")

    def fail():
        with runtime.database.actor_session(actor) as session:
            attachments.store(session, actor, customer.id, Upload())
            assert PDF + b"rolled back" in stored_files(runtime)
            raise Invalid("no")

    with pytest.raises(Invalid):
        fail()
    assert stored_files(runtime) == before


def test_a_removed_file_leaves_the_folder(mine, customer, factory, runtime):
    content = PDF + b"to be removed"
    put(mine, customer, "a.pdf", content)
    assert content in stored_files(runtime)
    (row,) = rows(factory, select(Attachment))
    assert mine.post(f"/customers/{customer.id}/files/{row.id}/delete").status_code == 303
    assert content not in stored_files(runtime)
    assert rows(factory, select(Attachment)) == []


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\temp\\a.txt", "a.txt"),
        ("a\r\nb.txt", "ab.txt"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
    ],
)
def test_names_are_cleaned(given, kept):
    assert attachments._clean(given) == kept
