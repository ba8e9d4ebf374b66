"""Letters from a template of Word's: one file with a page for each customer.

Fields are words in double braces, `{{customer}}`, in English or in any language of the house. A template is only taken
when each of its fields is known, so that nobody finds a brace in a letter that was posted. Imported only where letters
are made or taken in: python-docx takes long to load.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any

from docx import Document
from docx.document import Document as Letter
from docx.enum.text import WD_BREAK
from docx.oxml.ns import qn
from docx.oxml.parser import OxmlElement
from docx.text.paragraph import Paragraph

from platform_core.exports.letterfields import FIELDS, MAX_SIZE, names
from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator

_ = translator("exports")
_MOST_UNPACKED = 16 * 1024 * 1024
_MOST_PARTS = 300
_FIELD = re.compile(r"\{\{\s*([^{}]{1,40}?)\s*\}\}")
_XML = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)
_OUTSIDE = re.compile(rb"<Relationship\b[^>]*TargetMode\s*=\s*[\"']External[\"'][^>]*>", re.IGNORECASE)
_LINK = b"/relationships/hyperlink"


def sample() -> bytes:
    """The house's own letter, which is also what people start their templates from."""
    made = Document()
    for line in ("{{postcode}} {{address}}", "{{customer}}", "{{contact}}", "", "{{date}}", ""):
        made.add_paragraph(line)
    made.add_paragraph(_("Dear %(name)s,", name="{{salutation}}"))
    made.add_paragraph(_("Write your letter here."))
    made.add_paragraph("")
    made.add_paragraph("{{sender}}")
    return _saved(made)


def check(content: bytes) -> None:
    """Raises Invalid for what is no plain Word file, reaches outside of itself, or has fields that are not known."""
    _check_parts(content)
    letter = _opened(content)
    known = names()
    inside = _fields(_paragraphs(letter.element.body))
    strange = sorted({name for name in inside if name.lower() not in known})
    if strange:
        raise Invalid(
            _("These fields are not known: %(names)s. Known are: %(known)s.",
              names=", ".join(strange), known=", ".join(str(label) for label in FIELDS.values()))
        )  # fmt: skip
    edges = (part for section in letter.sections for part in (section.header, section.footer))
    if any(True for part in edges for _name in _fields(_paragraphs(part._element))):  # noqa: SLF001 - no other way in
        raise Invalid(_("Fields stand in the text: the head and foot of a page are the same for all letters."))
    if not inside:
        one = "{{" + str(FIELDS["customer"]) + "}}"
        raise Invalid(
            _("This letter has no field, so all copies would be the same. Write %(field)s, for one.", field=one)
        )


def merged(content: bytes, letters: Sequence[Mapping[str, str]], *, mark: str, author: str) -> bytes:
    """The template once for each of `letters` (field -> text), each on a page of its own.

    `mark` says whose file it is; it stands in the properties of the file, not in a letter that goes to a customer.
    """
    made = _opened(content)
    body = made.element.body
    pattern = [child for child in body if child.tag != qn("w:sectPr")]
    last = body.find(qn("w:sectPr"))
    for child in pattern:
        body.remove(child)
    known = names()
    for number, values in enumerate(letters):
        copy = [deepcopy(child) for child in pattern]
        for paragraph in _paragraphs(copy):
            _fill(paragraph, {name: values[key] for name, key in known.items()})
        _without_marks(copy)
        if number:
            copy = _on_new_page(copy)
        for child in copy:
            last.addprevious(child) if last is not None else body.append(child)
    _number_pictures(body)
    properties = made.core_properties
    properties.author, properties.comments, properties.title = author[:255], mark[:255], _("Letters")
    return _saved(made)


def _check_parts(content: bytes) -> None:
    if len(content) > MAX_SIZE:
        raise Invalid(_("The file is larger than %(limit)s MB.", limit=MAX_SIZE // 1024 // 1024))
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            held = [part.filename for part in parts]
            small = len(parts) <= _MOST_PARTS and sum(part.file_size for part in parts) <= _MOST_UNPACKED
            if not small or len(set(held)) != len(held) or "word/document.xml" not in held:
                raise _no_letter()
            if any(name.lower().endswith(("vbaproject.bin", ".docm", ".dotm")) for name in held):
                raise Invalid(_("This file has macros. Save it as a plain .docx file."))
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    _check_xml(archive.read(part))
    except (zipfile.BadZipFile, zipfile.LargeZipFile, OSError, ValueError, NotImplementedError, RuntimeError) as error:
        raise _no_letter() from error


def _check_xml(text: bytes) -> None:
    if _XML.search(text.replace(b"\0", b"")):
        raise _no_letter()
    if any(_LINK not in found for found in _OUTSIDE.findall(text)):
        raise Invalid(_("This file fetches something from elsewhere when it is opened. Put it into the file itself."))


def _no_letter() -> Invalid:
    return Invalid(_("This is no letter that Word can open. Save it as a plain .docx file."))


def _opened(content: bytes) -> Letter:
    try:
        return Document(io.BytesIO(content))
    except Exception as error:  # the parsers below raise many kinds; all of them mean the same to whoever uploads
        raise _no_letter() from error


def _saved(made: Letter) -> bytes:
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def _paragraphs(elements: Iterable[Any]) -> Iterator[Any]:
    """Also of tables and text boxes."""
    for element in elements:
        yield from element.iter(qn("w:p"))


def _fields(paragraphs: Iterable[Any]) -> list[str]:
    return [name for paragraph in paragraphs for name in _FIELD.findall(_text(paragraph))]


def _texts(paragraph: Any) -> list[Any]:
    """The pieces of its own text, not those of paragraphs inside of it (text boxes)."""
    return [piece for piece in paragraph.iter(qn("w:t")) if next(piece.iterancestors(qn("w:p"))) is paragraph]


def _text(paragraph: Any) -> str:
    return "".join(piece.text or "" for piece in _texts(paragraph))


def _fill(paragraph: Any, values: Mapping[str, str]) -> None:
    """Word cuts a text into pieces wherever it likes: what a field becomes goes into the piece that it begins in."""
    pieces = _texts(paragraph)
    for found in reversed(list(_FIELD.finditer("".join(piece.text or "" for piece in pieces)))):
        at, new = 0, values[found[1].lower()]
        for piece in pieces:
            old = piece.text or ""
            start, end = max(found.start() - at, 0), min(found.end() - at, len(old))
            at += len(old)
            if start < end:
                piece.text = old[:start] + new + old[end:]
                piece.set(qn("xml:space"), "preserve")
                new = ""


def _on_new_page(copy: list[Any]) -> list[Any]:
    if copy and copy[0].tag == qn("w:p"):
        Paragraph(copy[0], None).paragraph_format.page_break_before = True  # type: ignore[arg-type]
        return copy
    breaking = OxmlElement("w:p")
    Paragraph(breaking, None).add_run().add_break(WD_BREAK.PAGE)  # type: ignore[arg-type]
    return [breaking, *copy]


def _without_marks(copy: Iterable[Any]) -> None:
    """Bookmarks and comments have numbers that may occur once."""
    tags = [qn(f"w:{name}") for name in ("bookmarkStart", "bookmarkEnd", "commentRangeStart", "commentRangeEnd")]
    for element in copy:
        for mark in list(element.iter(*tags)):
            if mark.getparent() is not None:
                mark.getparent().remove(mark)


def _number_pictures(body: Any) -> None:
    for number, picture in enumerate(body.iter(qn("wp:docPr")), 1):
        picture.set("id", str(number))
