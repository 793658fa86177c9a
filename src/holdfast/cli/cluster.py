"""`holdfast cluster`: what the operator of a ClickHouse cluster runs before a history is kept on it."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Cluster = Annotated[str, typer.Argument(help="What the cluster is called in remote_servers.")]


@app.callback()
def cluster() -> None:
    """The tables of the history on a ClickHouse cluster: printed, for you to read and run.

    \b
    Examples:
      holdfast cluster config shop --shard ch1,ch2 --shard ch3,ch4 > shop.xml
      holdfast cluster ddl shop | clickhouse-client --host ch1 --multiquery
    """


@app.command()
def ddl(
    cluster: Cluster,
    database: Annotated[str, typer.Option("--database", help="Where the tables are to be.")] = "holdfast",
) -> None:
    """Print the statements that make every table on every node; run again, they change nothing.

    Nodes need the macros `shard` and `replica`, as ClickHouse's own examples have them, and ClickHouse Keeper.
    """
    from holdfast.stores.clickhouse.cluster import cluster_ddl

    for statement in cluster_ddl(cluster, database=database):
        print(f"{statement};\n")


@app.command()
def config(
    cluster: Cluster,
    shards: Annotated[
        list[str], typer.Option("--shard", help="The replicas of one shard: host or host:port, with commas between.")
    ],
    user: Annotated[str, typer.Option("--user", help="By whom nodes ask one another.")] = "default",
    password: Annotated[
        str, typer.Option("--password", envvar="CLICKHOUSE_PASSWORD", help="Their password.", show_default=False)
    ] = "",
    secure: Annotated[bool, typer.Option("--secure", help="Nodes reach one another by TLS.")] = False,
) -> None:
    """Print the configuration of the cluster, the same for every node.

    It names the nodes twice: as shards, and as copies of one another, by which the map of who is who reaches them all.
    """
    from holdfast.stores.clickhouse.cluster import cluster_config

    hosts = [[host.strip() for host in shard.split(",")] for shard in shards]
    print(cluster_config(cluster, hosts, user=user, password=password, secure=secure), end="")
