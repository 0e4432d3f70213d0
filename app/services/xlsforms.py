"""XLSForm files: read and checked by pyxform, written by openpyxl and checked by pyxform again.

Decides what a file of either kind is; what its rows mean is in `survey/xlsform_import.py` and `xlsform_export.py`.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

from openpyxl import Workbook
from pyxform.errors import PyXFormError
from pyxform.xls2json import workbook_to_json
from pyxform.xls2json_backends import get_xlsform
from pyxform.xls2xform import convert

from app.errors import Fault, InvalidRequest
from app.survey.xlsform_export import Row

FORMATS = ("xlsx", "xls", "csv")


def read(content: bytes, kind: str) -> tuple[dict[str, Any], list[str]]:
    """Read a form.

    Parameters
    ----------
    content : the file.
    kind : `xlsx`, `xls` or `csv` (the three sheets below each other, as pyxform writes them).

    Returns
    -------
    form, warnings : the form as pyxform describes it, and what pyxform would have better.

    Raises
    ------
    InvalidRequest : when pyxform does not take it as an XLSForm.
    """
    warnings: list[str] = []
    try:
        convert(BytesIO(content), file_type=f".{kind}")  # finds names in expressions that are no question's
        workbook = get_xlsform(BytesIO(content), file_type=f".{kind}")
        form = workbook_to_json(workbook, fallback_form_name="form", warnings=warnings)
    except PyXFormError as error:
        raise _not_taken(str(error)) from None
    except Exception as error:  # for a file that is no form at all pyxform has no error of its own
        raise _not_taken(f"pyxform cannot read it ({type(error).__name__})") from None
    return form, warnings


def _not_taken(why: str) -> InvalidRequest:
    return InvalidRequest("The file is not an XLSForm.", faults=[Fault("", "not_xlsform", why)])


def write(sheets: dict[str, list[Row]]) -> bytes:
    """Write the sheets of a form as XLSX; pyxform must take it."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        columns = list(dict.fromkeys(column for row in rows for column in row))
        for place, row in enumerate([{column: column for column in columns}, *rows], 1):
            for number, column in enumerate(columns, 1):
                if column in row:
                    cell = sheet.cell(place, number)
                    cell.value = row[column]
                    cell.data_type = "s"  # a text that begins with = is no formula
    out = BytesIO()
    book.save(out)
    convert(BytesIO(out.getvalue()), file_type=".xlsx")
    return out.getvalue()
