"""The commands of the roles: what they refuse, and that they start nothing heavy before they do."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from holdfast.cli.main import USAGE_EXIT, app

SHARED = {
    "HOLDFAST_STATE_URL": "postgresql://ida:hunter2@127.0.0.1:1/holdfast",
    "HOLDFAST_LOG_URL": "nats://ida:hunter2@127.0.0.1:1",
    "HOLDFAST_HISTORY_URL": "http://ida:hunter2@127.0.0.1:1",
}


@pytest.mark.parametrize("role", ["collect", "react", "send", "api"])
def test_over_files_every_role_says_what_to_do_instead(role: str, tmp_path: Path) -> None:
    told = CliRunner().invoke(app, [role, "--data", str(tmp_path), "--port", "0"])
    assert told.exit_code == USAGE_EXIT
    assert "state_url" in told.output
    assert "holdfast up" in told.output


def test_one_who_sends_must_know_where_links_lead(tmp_path: Path) -> None:
    told = CliRunner().invoke(app, ["send", "--data", str(tmp_path), "--port", "0"], env=SHARED)
    assert told.exit_code == USAGE_EXIT
    assert "public_url" in told.output


def test_settings_are_shown_and_secrets_are_not(tmp_path: Path) -> None:
    told = CliRunner().invoke(app, ["config", "--data", str(tmp_path), "--json"], env=SHARED)
    shown = json.loads(told.output)
    assert shown["state_url"] == "(set)"
    assert shown["currency"] == "EUR"
    plain = CliRunner().invoke(app, ["config", "--data", str(tmp_path)], env=SHARED)
    assert "hunter2" not in told.output + plain.output
    assert len(plain.output.splitlines()) == len(shown)


def test_a_collector_loads_no_engine() -> None:
    """It is there in an instant, and small: what it does not need is not loaded."""
    script = (
        "import sys, holdfast.workers.parts, holdfast.workers.collect, holdfast.stores.nats, "
        "holdfast.stores.postgres.state;"
        "print([each for each in ('chdb', 'pyarrow', 'polars', 'fastapi', 'liquid') if each in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert told.stdout.strip() == "[]"


def test_a_server_answers_before_it_has_loaded_what_only_tables_files_and_providers_need() -> None:
    """Each of these takes as long to import as a tenth of everything else together."""
    script = (
        "import sys, holdfast.workers.server; holdfast.workers.server.import_heavy();"
        "print([each for each in ('chdb', 'polars', 'pandas', 'joserfc') if each in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert told.stdout.strip() == "[]"
