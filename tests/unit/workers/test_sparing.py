"""What a server does not need is not imported, and is there for who asks for it."""

from __future__ import annotations

import subprocess
import sys

SPARED = """
import sys
from holdfast.workers.sparing import spare_pandas
spare_pandas()
import pyarrow as pa
from holdfast.stores.clickhouse.rows import people_table
from holdfast.ports.history import PersonRow
said = {"first_seen_ms": 0, "last_seen_ms": 1, "version": 1}
row = PersonRow(person=1, user_id="ada", known=True, traits={"plan": "gold"}, **said)
table = people_table([row], workspace=1)
assert "pandas" not in sys.modules, "an array brings it"
frame = table.select(["user_id"]).to_pandas()
import pandas
assert frame.user_id.tolist() == ["ada"]
assert pa.Table.from_pandas(pandas.DataFrame({"a": [1]})).num_rows == 1
assert pa.array(pandas.Series(["a"])).to_pylist() == ["a"]
spare_pandas()
assert pa.array(pandas.Series(["b"])).to_pylist() == ["b"]
"""


def test_arrays_bring_no_pandas_and_who_converts_to_it_has_it() -> None:
    done = subprocess.run([sys.executable, "-c", SPARED], capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
