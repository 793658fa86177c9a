"""The same tables on a cluster of ClickHouse servers: the statements and the configuration, for its operator to run.

Events and people are split over shards, and each shard is kept by several replicas. The map of identities is whole on
every node, since every node looks people up in it: on disk as the truth, replicated, and in memory for `joinGet`.

Rows go to the shard of the identity they came with, which never changes: were it that of the person, a batch sent again
after a merge would be spread otherwise than the first time, and a shard that knows its token would leave rows out. So
the events of somebody who was joined lie on several shards, and questions are asked with `distributed_product_mode =
'global'` (see `server`): `local` would be right only as long as nobody is joined.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from holdfast.kernel.errors import Invalid
from holdfast.ports.discovery import VALUE_CHARACTERS_MOST
from holdfast.stores.clickhouse.declared import Table, empty_database, kept_join, named, passing_sets, tables
from holdfast.stores.clickhouse.discovery import EACH_PROPERTY, SKETCH

EVERYWHERE = "_everywhere"
"""What is behind a cluster's name in that of the cluster of all its nodes as copies of one another."""
NATIVE_PORT = 9000

_SHARDED = {"events": "identity", "people": "person", "event_properties": "cityHash64(event)"}
"""The tables that are split, each with what decides the shard of a row."""
_WHOLE = "identity_map"


def cluster_ddl(cluster: str, *, database: str = "holdfast") -> list[str]:
    """The statements that make everything on all nodes, in order. Those that were run before change nothing.

    Raises Invalid when a name is none.
    """
    here = named(database)
    on_cluster = f" ON CLUSTER {named(cluster)}"
    declared = tables()
    statements = [f"CREATE DATABASE IF NOT EXISTS {name}{on_cluster}" for name in (here, empty_database(here))]
    for name, key in _SHARDED.items():
        path = f"/clickhouse/tables/{{shard}}/{here}/{name}"
        statements += [
            _replicated(f"{here}.{name}_local", declared[name], on_cluster, path, "{replica}"),
            distributed(cluster, here, name, key, on_cluster=on_cluster),
        ]
    # Its path has no shard in it: all nodes are replicas of one table.
    path = f"/clickhouse/tables/all/{here}/{_WHOLE}"
    statements += [
        _replicated(f"{here}.{_WHOLE}", declared[_WHOLE], on_cluster, path, "{shard}-{replica}"),
        kept_join(f"{here}.identity_person", declared["identity_person"], on_cluster=on_cluster),
        map_everywhere(cluster, here, on_cluster=on_cluster),
        passing_sets(f"{here}.people_sets", declared["people_sets"], on_cluster=on_cluster),
        property_feed(here, on_cluster=on_cluster),
    ]
    return statements


def distributed(cluster: str, database: str, name: str, key: str, *, on_cluster: str = "") -> str:
    """The table under which all shards of another are asked at once."""
    return (
        f"CREATE TABLE IF NOT EXISTS {database}.{name}{on_cluster} AS {database}.{name}_local\n"
        f"ENGINE = Distributed('{cluster}', '{database}', '{name}_local', {key})"
    )


def map_everywhere(cluster: str, database: str, *, on_cluster: str = "") -> str:
    """What is written into this table is written into the map in memory of every node."""
    return (
        f"CREATE TABLE IF NOT EXISTS {database}.identity_person{EVERYWHERE}{on_cluster} (\n"
        f"{tables()['identity_person'].columns}\n"
        f") ENGINE = Distributed('{cluster}{EVERYWHERE}', '{database}', 'identity_person')"
    )


def property_feed(database: str, *, on_cluster: str = "") -> str:
    """Count properties as events come in: the numbers of blocks, by which it is done in process, differ by shard."""
    return (
        f"CREATE MATERIALIZED VIEW IF NOT EXISTS {database}.event_properties_feed{on_cluster} "
        f"TO {database}.event_properties_local AS\n"
        f"SELECT workspace, event, each.1 AS property, each.2 AS type, count() AS times, min(ts) AS first,\n"
        f"    max(ts) AS last, toUInt64(0) AS block,\n"
        f"    approx_top_countState{SKETCH}(substringUTF8(each.3, 1, {VALUE_CHARACTERS_MOST:d})) AS top\n"
        f"FROM (\n"
        f"    SELECT workspace, event, ts, arrayJoin({EACH_PROPERTY}) AS each FROM {database}.events_local\n"
        f")\nWHERE type != ''\nGROUP BY workspace, event, property, type"
    )


def cluster_config(
    cluster: str, shards: Sequence[Sequence[str]], *, user: str = "default", password: str = "", secure: bool = False
) -> str:
    """The configuration of every node: the cluster, and all its nodes as copies of one another for the map in memory.

    Args:
        shards: the hosts of each shard, as `host` or `host:port` of the native interface.
        user: by whom nodes ask one another.
    """
    if not shards or not all(shards):
        raise Invalid("a shard without hosts.", path="$.shards", hint="Name at least one host for each shard.")
    name = named(cluster)
    login = f"<user>{escape(user)}</user><password>{escape(password)}</password>" + "<secure>1</secure>" * secure
    split = "".join(_shard(hosts, login, copies=True) for hosts in shards)
    # Copies are not each other's: what is written goes to all of them.
    every = _shard([host for hosts in shards for host in hosts], login, copies=False)
    return (
        f"<clickhouse>\n  <remote_servers>\n    <{name}>\n{split}    </{name}>\n"
        f"    <{name}{EVERYWHERE}>\n{every}    </{name}{EVERYWHERE}>\n  </remote_servers>\n</clickhouse>\n"
    )


def _shard(hosts: Sequence[str], login: str, *, copies: bool) -> str:
    """A shard; with `copies`, its tables replicate themselves, and one of them is written to."""
    replicas = "".join(f"        {_replica(host, login)}\n" for host in hosts)
    kind = str(copies).lower()
    return f"      <shard>\n        <internal_replication>{kind}</internal_replication>\n{replicas}      </shard>\n"


def _replica(said: str, login: str) -> str:
    host, _, port = said.partition(":")
    if not host or (port and not port.isdecimal()):
        raise Invalid(f"{said!r:.80} is no host.", path="$.shards", hint="Write it as ch1.example or ch1.example:9000.")
    return f"<replica><host>{escape(host)}</host><port>{int(port or NATIVE_PORT)}</port>{login}</replica>"


def _replicated(name: str, table: Table, on_cluster: str, path: str, replica: str) -> str:
    of = f", {table.of}" if table.of else ""
    rest = table.rest.replace("non_replicated_deduplication_window", "replicated_deduplication_window")
    return (
        f"CREATE TABLE IF NOT EXISTS {name}{on_cluster} (\n{table.columns}\n"
        f") ENGINE = Replicated{table.engine}('{path}', '{replica}'{of})\n{rest}"
    )
