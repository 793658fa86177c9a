"""The same events in DuckDB, in the form that suits it best: typed columns, persons resolved beforehand.

Twice: in the order events arrive, as one gets by appending; and sorted by hand by event, person and time, which nobody
keeps up while events pour in, but is the best there is to be ahead of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import duckdb
import pyarrow as pa

from holdfast.stores.clickhouse.engine import Handle

ORDERS = {"as appended": "ts, event", "sorted by hand": "event, person, ts"}
TABLE = {"as appended": "appended", "sorted by hand": "sorted_by_hand"}
DAY = 86_400_000


def export(handle: Handle, directory: Path) -> None:
    """Write what DuckDB is to be given: events with their person, and people with their traits."""
    handle.command(
        f"""INSERT INTO FUNCTION file('{directory}/events.parquet', 'Parquet')
        SELECT event, if(joinGet('identity_person', 'person', toUInt32(1), identity) AS j = 0, identity, j) AS person,
            toUnixTimestamp64Milli(ts) AS ts, text['category'] AS category, text['sku'] AS sku,
            number['price'] AS price, number['revenue'] AS revenue, revenue_minor
        FROM events WHERE workspace = 1"""
    )
    handle.command(
        f"""INSERT INTO FUNCTION file('{directory}/people.parquet', 'Parquet')
        SELECT person, user_id, text['country'] AS country, text['plan'] AS plan, text['email'] AS email,
            text['first_name'] AS first_name, number['age'] AS age
        FROM people FINAL WHERE workspace = 1"""
    )


@dataclass(frozen=True, slots=True)
class Duck:
    """DuckDB with the tables `appended`, `sorted_by_hand` and `people`."""

    connection: duckdb.DuckDBPyConnection

    @staticmethod
    def filled(directory: Path, *, threads: int) -> Duck:
        """DuckDB over what `export` wrote; its own file lies beside."""
        connection = duckdb.connect(str(directory / "duck.db"), config={"threads": threads, "memory_limit": "8GB"})
        for name, order in ORDERS.items():
            connection.execute(
                f"CREATE TABLE {TABLE[name]} AS SELECT * FROM '{directory}/events.parquet' ORDER BY {order}"
            )
        connection.execute(f"CREATE TABLE people AS SELECT * FROM '{directory}/people.parquet' ORDER BY person")
        return Duck(connection)

    def rows(self, text: str) -> list[tuple[Any, ...]]:
        """The answer."""
        return self.connection.execute(text).fetchall()

    def arrow(self, text: str) -> pa.Table:
        """The answer as Arrow."""
        return cast("pa.Table", self.connection.execute(text).to_arrow_table())


def segment(table: str, now_ms: int) -> str:
    """Three orders of more than 50 in 30 days, no uninstall in 90, from Germany."""
    return f"""SELECT count(*) FROM people WHERE country = 'DE' AND person IN (
            SELECT person FROM {table} WHERE event = 'Order Completed' AND ts > {now_ms - 30 * DAY} AND ts <= {now_ms}
                AND revenue > 50 GROUP BY person HAVING count(*) >= 3)
        AND person NOT IN (SELECT person FROM {table} WHERE event = 'App Uninstalled'
            AND ts > {now_ms - 90 * DAY} AND ts <= {now_ms})"""


def funnel(table: str, steps: Sequence[str], *, since_ms: int, until_ms: int, within_ms: int) -> str:
    """How many reach each step: a cascade of windows, each carrying when the latest attempt began that got so far."""
    names = ", ".join(f"'{each}'" for each in steps)
    number = f"list_position([{names}], event)"
    levels = [
        (
            f"base AS (SELECT person, ts, {number} AS step FROM {table} WHERE event IN ({names}) "
            f"AND ts >= {since_ms} AND ts < {until_ms})"
        ),
        (
            "s1 AS (SELECT person, ts, step, max(CASE WHEN step = 1 THEN ts END) OVER w AS b1 FROM base "
            "WINDOW w AS (PARTITION BY person ORDER BY ts, step ROWS UNBOUNDED PRECEDING))"
        ),
    ]
    for level in range(2, len(steps) + 1):
        kept = ", ".join(f"b{each}" for each in range(1, level))
        levels.append(
            f"s{level} AS (SELECT person, ts, step, {kept}, max(CASE WHEN step = {level} "
            f"AND ts - b{level - 1} <= {within_ms} THEN b{level - 1} END) OVER w AS b{level} FROM s{level - 1} "
            "WINDOW w AS (PARTITION BY person ORDER BY ts, step ROWS UNBOUNDED PRECEDING))"
        )
    counts = ", ".join(
        f"count(DISTINCT CASE WHEN b{each} IS NOT NULL THEN person END)" for each in range(1, len(steps) + 1)
    )
    return f"WITH {', '.join(levels)} SELECT {counts} FROM s{len(steps)}"


def retention(table: str, *, since_ms: int, until_ms: int, now_ms: int) -> str:
    """Cohorts by the week in which they first saw a product, and how many ordered in each of twelve weeks from then."""
    week = 7 * DAY
    return f"""WITH began AS (
            SELECT person, min(ts) AS began, (began - {since_ms}) // {week} AS cohort FROM {table}
            WHERE event = 'Product Viewed' GROUP BY person HAVING began >= {since_ms} AND began < {until_ms}),
        there AS (SELECT person, (ts - {since_ms}) // {week} AS week, max(ts) AS last FROM {table}
            WHERE event = 'Order Completed' AND ts >= {since_ms} AND ts <= {now_ms} GROUP BY ALL)
        SELECT cohort, week - cohort AS period, count(*) FROM began JOIN there USING (person)
        WHERE last > began AND week >= cohort AND week < cohort + 12 GROUP BY ALL ORDER BY ALL"""


def trend(table: str, *, since_ms: int, until_ms: int) -> str:
    """People a day by category."""
    return f"""SELECT (ts - {since_ms}) // {DAY} AS day, category, count(DISTINCT person) FROM {table}
        WHERE event = 'Page Viewed' AND ts >= {since_ms} AND ts < {until_ms} GROUP BY ALL ORDER BY ALL"""


def rfm(table: str, *, since_ms: int, until_ms: int) -> str:
    """Quintiles of recency, frequency and money; equal values share a bin."""
    bins = ", ".join(
        f"{sign}least(5, 1 + 5 * (rank() OVER (ORDER BY {each}) - 1) // count(*) OVER ()) AS {name}"
        for name, each, sign in (("r", "days", "6 - "), ("f", "times", ""), ("m", "money", ""))
    )
    return f"""WITH people AS (SELECT person, ({until_ms} - max(ts)) // {DAY} AS days, count(*) AS times,
            sum(revenue_minor) AS money FROM {table}
            WHERE event = 'Order Completed' AND ts >= {since_ms} AND ts < {until_ms} GROUP BY person),
        binned AS (SELECT person, money, {bins} FROM people)
        SELECT r, f, m, count(*), CAST(sum(money) AS BIGINT) FROM binned GROUP BY ALL ORDER BY ALL"""


def flow(table: str, *, since_ms: int, until_ms: int) -> str:
    """What people did right after an order."""
    return f"""SELECT following, count(*) AS times, count(DISTINCT person) FROM (
            SELECT person, event, lead(event) OVER (PARTITION BY person ORDER BY ts, event) AS following FROM {table}
            WHERE ts >= {since_ms} AND ts < {until_ms})
        WHERE event = 'Order Completed' GROUP BY following ORDER BY times DESC, following"""


def timeline(table: str, person: int) -> str:
    """Somebody's last fifty events."""
    return f"SELECT * FROM {table} WHERE person = {person} ORDER BY ts DESC LIMIT 50"


def people_with_traits(countries: Sequence[str]) -> str:
    """Half of all people with five traits."""
    names = ", ".join(f"'{each}'" for each in countries)
    return f"SELECT * FROM people WHERE country IN ({names}) ORDER BY person"
