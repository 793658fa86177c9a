"""The page of SQL, from the declarations of the views and the list of functions."""

from __future__ import annotations

import textwrap

from holdfast.cli.markdown import table
from holdfast.ports.analyst import QUERY_CHARACTERS_MOST, ROWS_MOST
from holdfast.stores.clickhouse.sandbox import COMBINATORS, TABLE_FUNCTIONS, known_functions
from holdfast.stores.clickhouse.views import VIEWS, View

INTRODUCTION = f"""# SQL

Questions in your own words: one `SELECT` in the dialect of ClickHouse, on the views below and on nothing else. The same
in Python (`ws.sql("SELECT …", {{"country": "DE"}}).table`), over HTTP (`POST /api/sql` with `query`, `params` and
`limit`) and on the command line (`holdfast sql "SELECT …" --param country=DE`). [Ask in SQL](../how-to/ask-in-sql.md)
has examples.

```sql
SELECT toStartOfMonth(timestamp) AS month, count() AS orders, uniqExact(person) AS buyers, sum(revenue) AS revenue
FROM events
WHERE event = {{event:String}} AND timestamp >= {{since:DateTime64(3, 'UTC')}} AND currency = 'EUR'
GROUP BY month
ORDER BY month
```

- A value is a parameter, `{{name:Type}}`, and is never pasted into the text: text, a number, true or false, null, or a
  list of them (`{{ids:Array(String)}}`); dates and moments as text. A parameter cannot stand for a name.
- Events belong to the person their identity belongs to now, so events that come late and people who turn out to be one
  change every answer at once.
- It only reads. `SETTINGS`, `FORMAT`, `INTO OUTFILE`, `EXPLAIN`, several statements, other tables, files, addresses and
  functions that are not listed below are refused with the error `not_allowed`.
- At most {ROWS_MOST:,} rows come back (100,000 over HTTP), and the answer says when there are more; a query has at most
  {QUERY_CHARACTERS_MOST:,} characters. Time and memory are limited by `query_seconds_most` and
  `query_memory_bytes_most` of the [settings](settings.md).
- A query that takes long is followed at `GET /api/queries` and called off by `DELETE /api/queries/{{id}}`, by Ctrl-C,
  or by closing the connection.
"""


def sql_page() -> str:
    """The views with their columns, and the functions."""
    plain, aggregates = known_functions()
    return (
        INTRODUCTION
        + "\n"
        + "\n".join(_view(each) for each in VIEWS.values())
        + "\n## Functions\n\nWhat each does, [ClickHouse's own reference]"
        "(https://clickhouse.com/docs/sql-reference/functions) tells. Capitals do not count here; to ClickHouse they "
        "may.\n\n"
        + _listed(plain)
        + "\nAggregate and window functions, which may end in "
        + ", ".join(f"`{each}`" for each in COMBINATORS)
        + ":\n\n"
        + _listed(aggregates)
        + "\nIn the place of a table: "
        + ", ".join(f"`{each}`" for each in sorted(TABLE_FUNCTIONS - {"sqlstandardvalues"}))
        + ".\n"
    )


def _view(view: View) -> str:
    rows = [(f"`{each.name}`", each.type.replace("LowCardinality(String)", "String"), each.about)
            for each in view.columns]  # fmt: skip
    return f"## `{view.name}`\n\n{view.about}\n\n{table(('Column', 'Type', 'What it says'), rows)}"


def _listed(names: frozenset[str]) -> str:
    words = ", ".join(sorted(names - {"_cast", "lambda", "casewithexpr", "casewithexpression"}))
    return "\n".join(textwrap.wrap(words, width=118, break_long_words=False, break_on_hyphens=False)) + "\n"
