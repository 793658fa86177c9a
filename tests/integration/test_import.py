"""Files taken in over real stores: a shop's real orders, and files as people have them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "online_retail.parquet"
"""541,909 rows of a real shop; a quarter of them name nobody."""

Story = Callable[[str], Any]


@pytest.fixture
def tell(tmp_path: Path) -> Story:
    """Runs Python over the workspace `ws` in a fresh process and an empty folder; gives what it left in `said`."""

    def run(text: str) -> Any:
        prelude = """
        import json
        from datetime import UTC, datetime
        from pathlib import Path
        import holdfast
        from holdfast import did, prop
        from holdfast.integrations.files.mapping import ImportMapping

        async def bad_records(state):
            async with state.view() as view:
                return await view.count_bad_records(by_code=True)

        with holdfast.open("my-data", currency="USD") as ws:
        """
        program = f"{dedent(prelude)}{indented(dedent(text))}\n    print(json.dumps(said, default=str))"
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", program],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return run


def indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())


@pytest.mark.skipif(not REAL.is_file(), reason=f"the real orders are not at {REAL}")
def test_a_quarter_of_a_real_file_names_nobody_and_the_rest_is_taken(tell: Story) -> None:
    said = tell(
        f"""
        mapping = ImportMapping(person="CustomerID", time="InvoiceDate", event_name="Order Completed", currency="GBP")
        first = ws.import_file({str(REAL)!r}, mapping)
        after = [ws.count_everyone(), ws._wait(ws._app.history.size()), ws._wait(bad_records(ws._app.state))]
        again = ws.import_file({str(REAL)!r}, mapping)
        unchanged = [ws.count_everyone(), ws._wait(ws._app.history.size()), ws._wait(bad_records(ws._app.state))]
        timeline = ws.timeline("17850")
        said = [str(first), after, str(again), after == unchanged, ws.count(did("Order Completed", at_least=2)),
                timeline.height, json.loads(timeline["properties"][0])["currency"]]
        """
    )
    assert said[:4] == [
        "Imported(rows=541909, added=406829, known=0, bad=135080)",
        [4372, 406_829, {"no_identity": 135_080}],
        "Imported(rows=541909, added=0, known=406829, bad=135080)",
        True,
    ]
    assert said[4:] == [4293, 312, "GBP"]


def test_csv_as_spreadsheets_write_it(tell: Story, tmp_path: Path) -> None:
    """With a byte order mark, quotes, line breaks in a cell, emoji, ids with leading zeros, local times."""
    text = (
        "customer,at,what,revenue,note\r\n"
        '007,31/03/2024 01:30,Bought,"19.90","said ""hi"", then\nleft 😀"\r\n'
        "007,31/03/2024 02:30,Bought,5,the hour that was skipped\r\n"
        "ben,31/03/2024 03:30,Bought,,\r\n"
        ",31/03/2024 03:30,Bought,1,nobody\r\n"
        "ben,soon,Bought,1,\r\n"
        "ben,31/03/2024 03:30\r\n"
    )
    (tmp_path / "orders.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    said = tell(
        """
        mapping = ImportMapping(person="customer", time="at", event="what", currency="EUR",
                                time_format="%d/%m/%Y %H:%M", time_zone="Europe/Berlin")
        done = ws.import_file("orders.csv", mapping)
        seven = ws.timeline("007").rows(named=True)[0]
        said = [str(done), ws._wait(bad_records(ws._app.state)), str(seven["timestamp"]),
                json.loads(seven["properties"]), json.loads(ws.timeline("ben")["properties"][0]),
                ws.count(did("Bought", where=prop("revenue") > 19))]
        """
    )
    assert said == [
        "Imported(rows=6, added=2, known=0, bad=4)",
        {"bad_row": 1, "bad_timestamp": 2, "no_identity": 1},
        "2024-03-31 00:30:00+00:00",
        {"currency": "EUR", "note": 'said "hi", then\nleft 😀', "revenue": 19.9},
        {"currency": "EUR"},
        1,
    ]


def test_a_column_that_is_not_there_is_named_with_those_that_are(tell: Story, tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("customer,at\nada,2024-01-01\n", encoding="utf-8")
    said = tell(
        """
        said = []
        for mapping in (ImportMapping(person="custmer", time="at", event_name="Bought"),
                        ImportMapping(person="customer", time="when", event_name="Bought")):
            try:
                ws.import_file("orders.csv", mapping)
            except holdfast.HoldfastError as error:
                said.append([error.path, str(error)])
        said.append(ws.count_everyone())
        """
    )
    assert said == [
        ["$.person", "$.person: the file has no column 'custmer'. Its columns are customer, at."],
        ["$.time", "$.time: the file has no column 'when'. Its columns are customer, at."],
        0,
    ]


def test_money_is_in_the_rows_currency_else_in_the_imports_else_in_the_workspaces(tell: Story, tmp_path: Path) -> None:
    lines = [
        {"id": "a", "at": 1_704_067_200, "revenue": 10.005, "currency": "JPY"},
        {"id": "b", "at": 1_704_067_200, "revenue": "10.10"},
        {"id": "c", "at": 1_704_067_200, "price": 3},
    ]
    (tmp_path / "orders.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    said = tell(
        """
        from holdfast.kernel.sql import sql
        money = sql("SELECT user_id, revenue_minor, currency FROM events ORDER BY source, user_id")
        plain = ImportMapping(person="id", time="at", event_name="Order Completed")
        euros = ImportMapping(person="id", time="at", event_name="Order Completed", currency="EUR")
        ws.import_file("orders.jsonl", plain)
        Path("orders.jsonl").rename("orders-2.jsonl")
        ws.import_file("orders-2.jsonl", euros)
        said = ws._wait(ws._app.history._rows(money))
        """
    )
    assert [(row[0], int(row[1]), row[2]) for row in said] == [
        ("b", 1010, "EUR"),
        ("c", 0, ""),
        ("a", 10, "JPY"),
        ("b", 1010, "USD"),
        ("c", 0, ""),
    ]
