from __future__ import annotations

import io
import zipfile
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from types import SimpleNamespace

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from platform_core.audit.models import AuditEntry
from platform_core.customers import attachments, documents, filetypes, merging, unmerging
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
        ("re\u0301sume\u0301.pdf", "r\u00e9sum\u00e9.pdf"),
    ],
)
def test_names_are_cleaned(given, kept):
    assert attachments._clean(given) == kept


def documents_of(factory, customer):
    """File name -> its versions, the newest first, of each document of a customer."""
    mine = select(Attachment).where(Attachment.customer_id == customer.id)
    found = {}
    for row in rows(factory, mine.order_by(Attachment.document_id, Attachment.version.desc())):
        found.setdefault(row.document_id, []).append((row.filename, row.version))
    return sorted(found.values())


def test_a_file_of_the_same_name_is_the_next_version(mine, customer, factory, me):
    for content in (b"one", b"two", b"three"):
        put(mine, customer, "quote.pdf", PDF + content)
    put(mine, customer, "other.pdf", PDF)
    elsewhere = factory.customer(me)
    put(mine, elsewhere, "quote.pdf", PDF)
    assert documents_of(factory, customer) == [
        [("other.pdf", 1)],
        [("quote.pdf", 3), ("quote.pdf", 2), ("quote.pdf", 1)],
    ]
    assert documents_of(factory, elsewhere) == [[("quote.pdf", 1)]]
    page = mine.get(f"/customers/{customer.id}?tab=files")
    assert page.text.count(">quote.pdf<") == 1
    assert "2 earlier versions" in page.text
    assert me.name in page.text
    for row in rows(factory, select(Attachment).where(Attachment.filename == "quote.pdf")):
        answer = mine.get(f"/customers/{row.customer_id}/files/{row.id}", headers={"range": "bytes=0-7"})
        assert (answer.status_code, answer.content) == (206, PDF[:8])
    after = rows(
        factory, select(AuditEntry.after).where(AuditEntry.action == "customers.attach").order_by(AuditEntry.id)
    )
    assert sorted(entry["version"] for entry in after) == [1, 1, 1, 2, 3]


def test_the_newest_version_goes_and_the_one_before_counts_again(mine, customer, factory, runtime):
    for content in (b"kept version", b"wrong version"):
        put(mine, customer, "quote.pdf", PDF + content)
    wrong = rows(factory, select(Attachment).where(Attachment.version == 2))[0]
    assert mine.post(f"/customers/{customer.id}/files/{wrong.id}/delete").status_code == 303
    assert documents_of(factory, customer) == [[("quote.pdf", 1)]]
    assert PDF + b"kept version" in stored_files(runtime)
    assert PDF + b"wrong version" not in stored_files(runtime)
    put(mine, customer, "quote.pdf", PDF)
    assert documents_of(factory, customer) == [[("quote.pdf", 2), ("quote.pdf", 1)]]


def test_what_other_records_keep_is_no_version_of_a_document(runtime, factory, me, mine, customer):
    actor = factory.actor(me)
    put(mine, customer, "a.pdf", PDF)
    for _ in range(2):
        with runtime.database.actor_session(actor) as session:
            upload = SimpleNamespace(filename="a.pdf", file=io.BytesIO(PDF))
            attachments.store(session, actor, customer.id, upload, kind="follow_up")
    assert documents_of(factory, customer) == [[("a.pdf", 1)]] * 3
    put(mine, customer, "a.pdf", PDF)
    put(mine, customer, "a.pdf", PDF)
    assert documents_of(factory, customer) == [
        [("a.pdf", 1)], [("a.pdf", 1)], [("a.pdf", 3), ("a.pdf", 2), ("a.pdf", 1)]
    ]  # fmt: skip
    with runtime.database.actor_session(actor) as session:
        taken = session.scalars(select(Attachment).where(Attachment.version == 2)).one()
        documents.hand_over(taken, owner="opportunities", kind="contract", engagement_id=None)
    assert documents_of(factory, customer) == [
        [("a.pdf", 1)], [("a.pdf", 1)], [("a.pdf", 1)], [("a.pdf", 3), ("a.pdf", 1)]
    ]  # fmt: skip


@pytest.mark.parametrize("before", [0, 1])
def test_two_uploads_at_once_are_two_versions(runtime, factory, me, customer, before):
    actor, together = factory.actor(me), Barrier(2)

    def upload():
        together.wait()
        with runtime.database.actor_session(actor) as session:
            attachments.add(session, actor, customer.id, SimpleNamespace(filename="a.pdf", file=io.BytesIO(PDF)))

    if before:
        with runtime.database.actor_session(actor) as session:
            attachments.add(session, actor, customer.id, SimpleNamespace(filename="a.pdf", file=io.BytesIO(PDF)))
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(upload) for _ in range(2)]:
            done.result()
    assert documents_of(factory, customer) == [[("a.pdf", number) for number in range(2 + before, 0, -1)]]


def test_a_document_has_each_version_once(runtime, factory, me, mine, customer):
    put(mine, customer, "a.pdf", PDF)
    (row,) = rows(factory, select(Attachment))
    copy = {name: getattr(row, name) for name in Attachment.__table__.c.keys() if name not in {"id", "stored_as"}}  # noqa: SIM118  columns
    with pytest.raises(IntegrityError), runtime.database.actor_session(factory.actor(me)) as session:
        session.add(Attachment(**copy, stored_as="an/other"))


def test_documents_stay_apart_through_a_merge_and_its_way_back(runtime, factory, browser):
    boss = factory.user("management")
    actor, mine = factory.actor(boss), browser.sign_in(boss)
    keep, other = factory.customer(boss), factory.customer(boss)
    for customer in (keep, other, other):
        put(mine, customer, "a.pdf", PDF)
    with runtime.database.actor_session(actor) as session:
        made = merging.merge(session, actor, keep.id, other.id)
        merge_id = made.id
    assert documents_of(factory, keep) == [[("a.pdf", 1)], [("a.pdf", 2), ("a.pdf", 1)]]
    put(mine, keep, "a.pdf", PDF)
    assert documents_of(factory, keep) == [[("a.pdf", 1)], [("a.pdf", 3), ("a.pdf", 2), ("a.pdf", 1)]]
    with runtime.database.actor_session(actor) as session:
        unmerging.unmerge(session, actor, merge_id)
    assert documents_of(factory, other) == [[("a.pdf", 2), ("a.pdf", 1)]]
    assert documents_of(factory, keep) == [[("a.pdf", 1)], [("a.pdf", 3)]]
    for customer in (keep, other):
        assert put(mine, customer, "a.pdf", PDF).status_code == 303
        assert mine.get(f"/customers/{customer.id}?tab=files").status_code == 200


def test_only_the_latest_of_many_versions_are_listed(runtime, factory, me, mine, customer, monkeypatch):
    monkeypatch.setattr(documents, "MOST_EARLIER", 2)
    for _ in range(5):
        put(mine, customer, "a.pdf", PDF)
    with runtime.database.actor_session(factory.actor(me), write=False) as session:
        (found,) = documents.of(session, customer.id)
        assert [item.file.version for item in (found.newest, *found.earlier)] == [5, 4, 3]
        assert (found.versions, found.older) == (5, 2)
    assert "2 older ones are not listed." in mine.get(f"/customers/{customer.id}?tab=files").text
