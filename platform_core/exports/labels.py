"""Sheets of labels as PDF. Imported by the job that draws them alone: fpdf2 takes half a second to load.

Fonts: docs/decisions/0017.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import resources
from itertools import islice

from fpdf import FPDF
from fpdf.enums import MethodReturnValue

from platform_core.exports.labelsheets import LabelSheet
from platform_core.kernel.i18n import translator

_ = translator("exports")
_SIMPLIFIED = 2
"""The face for simplified Chinese in the collection of fonts."""
_MARGIN = 3.0
"""Millimetres inside of a label that stay empty: printers are no more exact."""
_SIZES = (11.0, 10.0, 9.0, 8.0, 7.0, 6.0)
_MARK_SIZE = 6.0
_LEADING = 1.25 * 25.4 / 72
"""Millimetres from line to line for each point of the size."""


def pdf(sheet: LabelSheet, texts: Sequence[Sequence[str]], *, first: int, mark: str, author: str) -> bytes:
    """A label for each of `texts` (lines), from place `first` (1 …) of the first sheet on.

    `mark` says whose sheets these are; it stands in the margin, where nothing is stuck on an envelope.
    """
    made = FPDF(unit="mm", format=sheet.page)
    made.set_auto_page_break(auto=False)
    made.set_margin(0)
    made.c_margin = 0
    made.add_font("house", fname=_font(), collection_font_number=_SIMPLIFIED)
    made.set_title(_("Labels"))
    made.set_author(author)
    made.set_subject(mark)
    for number, lines in enumerate(texts, first - 1):
        place = number % sheet.each
        if place == 0 or number == first - 1:
            made.add_page()
            _mark(made, sheet, mark)
        _draw(made, sheet, place, lines)
    return bytes(made.output())


@cache
def _font() -> str:
    return str(resources.files("noto_cjk_sans_otc") / "NotoSansCJK-Regular.ttc")


def _mark(made: FPDF, sheet: LabelSheet, mark: str) -> None:
    made.set_font("house", size=_MARK_SIZE)
    made.set_text_color(110)
    made.set_xy(sheet.left + _MARGIN, sheet.page[1] - sheet.top + 1)
    made.cell(sheet.page[0] - 2 * (sheet.left + _MARGIN), 3, mark)
    made.set_text_color(0)


def _draw(made: FPDF, sheet: LabelSheet, place: int, lines: Sequence[str]) -> None:
    """As large as fits; what does not fit even in the smallest size ends with an ellipsis."""
    left, top = sheet.corner(place)
    width, height = sheet.width - 2 * _MARGIN, sheet.height - 2 * _MARGIN
    wrapped: list[str] = []
    for size in _SIZES:
        made.set_font("house", size=size)
        wrapped = [part for line in lines for part in _wrapped(made, line, width)]
        if len(wrapped) * size * _LEADING <= height:
            break
    size = made.font_size_pt
    room = max(int(height / (size * _LEADING)), 1)
    if len(wrapped) > room:
        wrapped = [*islice(wrapped, room - 1), f"{wrapped[room - 1][:-1]}\u2026"]
    above = (height - len(wrapped) * size * _LEADING) / 2
    for at, text in enumerate(wrapped):
        made.set_xy(left + _MARGIN, top + _MARGIN + above + at * size * _LEADING)
        made.cell(width, size * _LEADING, text)


def _wrapped(made: FPDF, line: str, width: float) -> list[str]:
    found = made.multi_cell(width, 5, line, align="L", dry_run=True, output=MethodReturnValue.LINES)
    assert isinstance(found, list)  # of the text alone, as asked for
    return found
