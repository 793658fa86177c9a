"""Text in a CSV file that somebody may open in a spreadsheet, where a cell can be a program."""

from __future__ import annotations

import re

_PROGRAM = re.compile(r"[=@\t\r]|[+-](?![\d\s().,/-]*\Z)")
"""What a spreadsheet may take for a formula. A phone number or an amount begins with a sign and is none."""


def sheet_text(text: str) -> str:
    """The text as a cell: with an apostrophe before it where a spreadsheet would reckon with it instead of showing it.

    >>> sheet_text("=cmd|'/C calc'!A0")
    "'=cmd|'/C calc'!A0"
    >>> sheet_text("+49 171 1234567"), sheet_text("-12.50"), sheet_text("a=b")
    ('+49 171 1234567', '-12.50', 'a=b')
    """
    return f"'{text}" if _PROGRAM.match(text) else text
