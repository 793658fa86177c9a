"""Clusters as far as one process can be one: a server that is every node of them.

Of the statements for a cluster, all is run but what needs other machines and Keeper: `ON CLUSTER` is left out, and
tables do not replicate themselves. What is left is what questions and inserts go through: the tables under all names,
`Distributed` over shards, and the real planner of distributed questions.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from holdfast.stores.clickhouse.cluster import cluster_config, cluster_ddl
from holdfast.stores.clickhouse.engine import Engine, Handle
from holdfast.stores.clickhouse.server import Server
from tests.clickhouse_facade import served
from tests.contracts.history_contract import PATIENT

_REPLICATED = re.compile(r"Replicated(\w*)\('[^']*', '[^']*'(?:, )?")


@contextmanager
def nodes(directory: Path, cluster: str, shards: int) -> Iterator[str]:
    """The URL of a server that is every shard of a cluster."""
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    # The engine takes a host for itself by the port it would listen on.
    written = cluster_config(cluster, [[f"127.0.0.1:{port}"]] * shards)
    config = directory / "config.xml"
    config.write_text(written.replace("<clickhouse>", f"<clickhouse>\n  <tcp_port>{port}</tcp_port>", 1))
    with served(directory / "data", config=config) as url:
        yield url


def on_one_node(statement: str, cluster: str) -> str:
    """The statement as a server alone can run it. Tables that replicate know tokens without being told."""
    alone = _REPLICATED.sub(r"\1(", statement.replace(f" ON CLUSTER {cluster}", "")).replace("MergeTree()", "MergeTree")
    if alone == statement or "MergeTree" not in alone:
        return alone
    if "replicated_deduplication_window" in alone:
        return alone.replace("replicated_deduplication_window", "non_replicated_deduplication_window")
    before, settings, given = alone.partition("SETTINGS ")
    return f"{before}\nSETTINGS non_replicated_deduplication_window = 10000{', ' * bool(settings)}{given}"


def run(engine: Engine, *statements: str) -> None:
    def each_one(handle: Handle) -> None:
        with handle.within("default"):
            for statement in statements:
                handle.command(statement)

    asyncio.run(engine.run(each_one))


def reached(url: str, *, database: str = "default", cluster: str | None = None) -> Engine:
    """An engine over a database, whatever is in it."""
    return Engine(Server(url, database=database, cluster=cluster), limits=PATIENT)


def made(url: str, cluster: str, database: str) -> None:
    """Make the tables of a cluster."""
    engine = reached(url)
    run(engine, *(on_one_node(each, cluster) for each in cluster_ddl(cluster, database=database)))
    engine.close()
