"""Reading .xls and .ods: formats of which a small file may claim millions of cells, and whose readers may fail badly.

So they are read by a process of its own, with a limit of memory and of time: what goes wrong there is a refused file.
It writes each row as a line of JSON; the platform reads these one by one, whatever the file was.

`python -m platform_core.kernel.oldsheets FILE ROWS COLUMNS CHARS` writes the rows of the first sheet that holds
something, each as [number, cells], then {"end": rows}; or one line {"error": code, "params": …}.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

from platform_core.kernel.xlsxguard import FileError, Limits, column_name, file_error

_MEMORY: Final = 1536 * 1024 * 1024
"""Of address space: 200,000 rows of 20 columns take a third."""
_SECONDS: Final = 60
_KNOWN: Final = {"empty", "encrypted", "broken", "too_many_rows", "too_many_columns", "cell_too_long", "too_scattered"}


class Converted:
    """What the process has written, in a file without a name that goes with this object."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def __del__(self) -> None:
        os.close(self._handle)

    def rows(self) -> Iterator[tuple[int, list[object]]]:
        """Each time from the beginning; one reader at a time."""
        with os.fdopen(os.dup(self._handle), "rb") as file:
            file.seek(0)
            for line in file:
                told = json.loads(line)
                if isinstance(told, list):
                    yield told[0], [_opened(cell) for cell in told[1]]

    def trouble(self) -> FileError:
        """What the process has said last; killed by its limits it says nothing."""
        last = b""
        with os.fdopen(os.dup(self._handle), "rb") as file:
            file.seek(0)
            for line in file:
                last = line
        try:
            told = json.loads(last)
            if told["error"] in _KNOWN:
                return file_error(told["error"], **told["params"])
        except (ValueError, KeyError, TypeError):
            pass
        return file_error("too_scattered")


def convert(path: Path, limits: Limits) -> Converted:
    """Raises FileError."""
    with tempfile.TemporaryFile() as file:
        made = Converted(os.dup(file.fileno()))
        arguments = [str(path), str(limits.rows), str(limits.columns), str(limits.cell_chars)]
        command = [sys.executable, "-I", "-m", __name__, *arguments]
        quiet = subprocess.DEVNULL
        try:
            done = subprocess.run(  # noqa: S603  this module
                command, stdin=quiet, stdout=file, stderr=quiet, timeout=_SECONDS, check=False, env={}
            )
        except subprocess.TimeoutExpired as error:
            raise file_error("too_scattered") from error
    if done.returncode != 0:
        raise made.trouble()
    return made


def _opened(cell: Any) -> object:
    if not isinstance(cell, dict):
        return cell
    kind, text = next(iter(cell.items()))
    if kind == "moment":
        return datetime.fromisoformat(text)
    return date.fromisoformat(text) if kind == "day" else time.fromisoformat(text)


def _kept(cell: object) -> object:
    """As JSON. A duration is no cell that anybody can import; as a text it is shown and refused."""
    if isinstance(cell, datetime):
        return {"moment": cell.isoformat()}
    if isinstance(cell, date):
        return {"day": cell.isoformat()}
    if isinstance(cell, time):
        return {"hour": cell.isoformat()}
    return str(cell) if isinstance(cell, timedelta) else cell


def main(path: str, most_rows: int, most_columns: int, most_chars: int) -> int:
    """Runs in the process of its own."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        _write(Path(path), most_rows, most_columns, most_chars)
    except FileError as error:
        return _say(error.code, **error.params)
    except MemoryError:
        return _say("too_scattered")
    except BaseException as error:  # a panic in Rust has no importable name
        return _say("encrypted" if type(error).__name__ == "PasswordError" else "broken")
    return 0


def _say(code: str, **params: object) -> int:
    sys.stdout.write(f"\n{json.dumps({'error': code, 'params': params})}\n")
    return 1


def _write(path: Path, most_rows: int, most_columns: int, most_chars: int) -> None:
    from python_calamine import CalamineWorkbook, SheetVisibleEnum  # noqa: PLC0415  only in that process

    workbook = CalamineWorkbook.from_path(path)
    shown = [place for place, about in enumerate(workbook.sheets_metadata) if about.visible == SheetVisibleEnum.Visible]
    for place in shown:
        sheet = workbook.get_sheet_by_index(place)
        if sheet.start is not None and sheet.end is not None:
            break
    else:
        raise file_error("empty")
    if sheet.end[1] - sheet.start[1] >= most_columns:
        raise file_error("too_many_columns", limit=most_columns)
    count = 0
    for number, row in enumerate(sheet.iter_rows(), 1):
        cells: list[object] = list(row)
        for column, cell in enumerate(cells, sheet.start[1]):
            if isinstance(cell, str) and len(cell) > most_chars:
                raise file_error("cell_too_long", cell=f"{column_name(column)}{number}", limit=most_chars)
        if any(cell is not None and cell != "" for cell in cells):
            count += 1
            if count > most_rows + 1:
                raise file_error("too_many_rows", limit=most_rows)
            line = json.dumps([number, [_kept(cell) for cell in cells]], ensure_ascii=False)
            sys.stdout.buffer.write(line.encode("utf-8", "replace") + b"\n")
    sys.stdout.buffer.write(b'{"end": %d}\n' % count)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], *map(int, sys.argv[2:5])))
