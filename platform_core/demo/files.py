"""Small PDF files, so that the demo's contracts have what a contract must have."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any
from uuid import UUID

from platform_core.contracts.demo import DemoContract


def contract(
    data_dir: Path, attachment_id: UUID, customer_id: UUID, engagement_id: UUID, told: DemoContract, by: UUID
) -> dict[str, Any]:
    """Write a contract's file into the data folder; returns its attachment row."""
    lines = [
        "CONTRACT (demo)",
        f"No. {told.number}",
        f"Signed on {told.signed_on:%Y-%m-%d}",
        f"Amount CNY {told.amount:,}.00",
        f"Term {told.starts_on:%Y-%m-%d} to {told.ends_on:%Y-%m-%d}",
    ]
    body = pdf(lines)
    name = hashlib.sha256(attachment_id.bytes).hexdigest()[:40]
    path = data_dir / "files" / name[:2] / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    path.chmod(0o600)
    return {
        "id": attachment_id,
        "customer_id": customer_id,
        "engagement_id": engagement_id,
        "owner": "opportunities",
        "kind": "contract",
        "document_id": attachment_id,
        "version": 1,
        "filename": f"{told.number}.pdf",
        "media_type": "application/pdf",
        "size": len(body),
        "sha256": hashlib.sha256(body).hexdigest(),
        "stored_as": f"{name[:2]}/{name}",
        "uploaded_by": by,
        "uploaded_at": datetime.combine(told.signed_on, time(10), UTC),
    }


def pdf(lines: list[str]) -> bytes:
    """One page of ASCII lines (PDF 1.4, ISO 32000-1 7.5)."""
    text = "BT /F1 14 Tf 72 760 Td 22 TL " + " ".join(f"({line}) Tj T*" for line in lines) + " ET"
    text = text.replace("(demo)", "\\(demo\\)")
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font 6 0 R >> >>",
        f"<< /Length {len(text)} >>\nstream\n{text}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        "<< /F1 5 0 R >>",
    ]
    made = "%PDF-1.4\n"
    places = []
    for number, found in enumerate(objects, 1):
        places.append(len(made))
        made += f"{number} 0 obj\n{found}\nendobj\n"
    start = len(made)
    made += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n"
    made += "".join(f"{place:010} 00000 n \n" for place in places)
    made += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"
    return made.encode("ascii")
