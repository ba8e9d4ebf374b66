"""Sheets of labels that are sold, and what stands on a label. They are drawn by `labels`."""

from __future__ import annotations

from dataclasses import dataclass

from platform_core.exports.addressees import Addressee
from platform_core.kernel.i18n import translator

_ = translator("exports")


@dataclass(frozen=True, slots=True)
class LabelSheet:
    """Measures in millimetres; `pitch` from the edge of one label to the same edge of the next."""

    key: str
    columns: int
    rows: int
    width: float
    height: float
    left: float
    top: float
    pitch_x: float
    pitch_y: float
    page: tuple[float, float] = (210.0, 297.0)

    @property
    def each(self) -> int:
        return self.columns * self.rows

    @property
    def label(self) -> str:
        sheet = _("Letter") if self.page != (210.0, 297.0) else "A4"
        return _(
            "%(each)d per sheet, %(width)s × %(height)s mm, %(sheet)s (as Avery %(key)s)",
            each=self.each, width=f"{self.width:g}", height=f"{self.height:g}", sheet=sheet, key=self.key,
        )  # fmt: skip

    def corner(self, place: int) -> tuple[float, float]:
        """Of a label on its sheet, counted along the rows from 0."""
        row, column = divmod(place, self.columns)
        return self.left + column * self.pitch_x, self.top + row * self.pitch_y


SHEETS = {
    sheet.key: sheet
    for sheet in (
        LabelSheet("L7160", 3, 7, 63.5, 38.1, 7.25, 15.15, 66.0, 38.1),
        LabelSheet("L7159", 3, 8, 63.5, 33.9, 7.25, 12.9, 66.0, 33.9),
        LabelSheet("L7161", 3, 6, 63.5, 46.6, 7.25, 8.7, 66.0, 46.6),
        LabelSheet("L7162", 2, 8, 99.1, 33.9, 4.65, 12.9, 101.6, 33.9),
        LabelSheet("L7163", 2, 7, 99.1, 38.1, 4.65, 15.15, 101.6, 38.1),
        LabelSheet("L7173", 2, 5, 99.1, 57.0, 4.65, 6.0, 101.6, 57.0),
        LabelSheet("L7165", 2, 4, 99.1, 67.7, 4.65, 13.1, 101.6, 67.7),
        LabelSheet("5160", 3, 10, 66.7, 25.4, 4.75, 12.7, 69.85, 25.4, page=(215.9, 279.4)),
    )
}


def lines_of(item: Addressee) -> list[str]:
    """What stands on a label: post code, address, customer, the contact's department, contact."""
    who = _("Attn. %(name)s", name=f"{item.contact} {item.title}".strip()) if item.contact else ""
    customer = item.customer if item.customer != item.contact else ""
    return [line for line in (item.postcode, item.address, customer, item.division, who) if line]
