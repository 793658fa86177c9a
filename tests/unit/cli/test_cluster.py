"""`holdfast cluster`: what is printed can be run as it stands."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner, Result

from holdfast.cli.main import USAGE_EXIT, app
from holdfast.stores.clickhouse.cluster import cluster_ddl


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["cluster", *words])


def test_the_statements_are_all_there_each_ended() -> None:
    told = run("ddl", "shop", "--database", "cdp")
    assert told.exit_code == 0
    statements = [each.strip() for each in told.output.split(";\n") if each.strip()]
    assert statements == cluster_ddl("shop", database="cdp")
    # Within none of them is there anything that ends a statement.
    assert not any(";" in each for each in statements)


def test_the_configuration_has_the_nodes_as_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLICKHOUSE_PASSWORD", "<secret>")
    told = run("config", "shop", "--shard", "a, b:9440", "--shard", "c", "--secure")
    assert told.exit_code == 0
    replicas = list(ET.fromstring(told.output).iter("replica"))
    assert [(each.findtext("host"), each.findtext("port")) for each in replicas] == [
        ("a", "9000"), ("b", "9440"), ("c", "9000"),
    ] * 2  # fmt: skip
    assert {(each.findtext("secure"), each.findtext("password")) for each in replicas} == {("1", "<secret>")}


@pytest.mark.parametrize(
    "words", [("ddl", "a b"), ("ddl", "shop", "--database", "x;y"), ("config", "shop", "--shard", "a,")]
)
def test_what_cannot_be_is_said(words: tuple[str, ...]) -> None:
    told = run(*words)
    assert told.exit_code == USAGE_EXIT
    assert "Traceback" not in told.output
