# SPDX-License-Identifier: Apache-2.0
"""The cells of an ``.xlsx`` file's first sheet (ECMA-376, part 1, 18.3 and 18.4).

For a file whose digest is pinned, or that its owner chose: entities are not guarded against.
"""

import io
import re
import zipfile
from xml.etree import ElementTree as ET

_SPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_FIRST = "xl/worksheets/sheet1.xml"
_TEXTS = "xl/sharedStrings.xml"


def read_sheet(held: bytes) -> list[list[str]]:
    """Rows of texts, all as wide as the first; an absent cell is "".

    Raises:
        OSError: these bytes are no sheet.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(held)) as archive:
            texts = _texts(archive.read(_TEXTS)) if _TEXTS in archive.namelist() else []
            sheet = ET.fromstring(archive.read(_FIRST))  # noqa: S314 - see above
    except (zipfile.BadZipFile, KeyError, ET.ParseError) as error:
        raise OSError("not an .xlsx sheet") from error
    rows = [_row(row, texts) for row in sheet.iter(f"{_SPACE}row")]
    width = max(rows[0], default=-1) + 1 if rows else 0
    return [[row.get(place, "") for place in range(width)] for row in rows]


def _texts(held: bytes) -> list[str]:
    items = ET.fromstring(held).iter(f"{_SPACE}si")  # noqa: S314 - see above
    return ["".join(part.text or "" for part in item.iter(f"{_SPACE}t")) for item in items]


def _row(row: ET.Element, texts: list[str]) -> dict[int, str]:
    found = {}
    for cell in row.iter(f"{_SPACE}c"):
        value = cell.find(f"{_SPACE}v")
        if value is not None and value.text:
            text = texts[int(value.text)] if cell.get("t") == "s" else value.text
            found[_column(cell.get("r", ""))] = text
    return found


def _column(reference: str) -> int:
    """The column of a cell's reference, counted from 0.

    >>> _column("A1"), _column("N232"), _column("AA7")
    (0, 13, 26)
    """
    letters = re.match("[A-Z]+", reference)
    number = 0
    for letter in letters.group() if letters else "":
        number = 26 * number + ord(letter) - ord("A") + 1
    return number - 1
