"""The desk: a running server if there is one, with the key that is to be had."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from holdfast.cli.desk import Desk, complaint_of, desk, first_keys, is_alive, key_for, rows_of, running_server
from holdfast.cli.over_http import OverHttp
from holdfast.kernel.errors import Busy, Conflict, Internal, Invalid, NotFound, Unauthorized


def a_finished_process() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_without_a_server_file_none_runs(tmp_path: Path) -> None:
    assert running_server(tmp_path) is None


def test_a_server_file_counts_while_its_process_lives(tmp_path: Path) -> None:
    (tmp_path / "server.json").write_text(json.dumps({"url": "http://127.0.0.1:9/", "pid": os.getpid()}))
    found = running_server(tmp_path)
    assert found is not None
    assert found.url == "http://127.0.0.1:9"

    (tmp_path / "server.json").write_text(json.dumps({"url": "http://127.0.0.1:9/", "pid": a_finished_process()}))
    assert running_server(tmp_path) is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"url": "x"}', '{"url": "x", "pid": "me"}'])
def test_a_broken_server_file_is_a_complaint(tmp_path: Path, text: str) -> None:
    (tmp_path / "server.json").write_text(text)
    with pytest.raises(Invalid, match="does not say where"):
        running_server(tmp_path)


def test_this_process_is_alive_and_a_finished_one_is_not() -> None:
    assert is_alive(os.getpid())
    assert is_alive(1)
    assert not is_alive(a_finished_process())


def test_the_key_comes_from_the_flag_else_the_variable_else_the_file(tmp_path: Path) -> None:
    with pytest.raises(Unauthorized) as raised:
        key_for(tmp_path, None, {})
    assert "--api-key" in raised.value.hint

    (tmp_path / "keys.json").write_text(json.dumps({"api_key": "filed", "write_key": "w"}))
    assert key_for(tmp_path, None, {}) == "filed"
    assert key_for(tmp_path, None, {"HOLDFAST_API_KEY": "variable"}) == "variable"
    assert key_for(tmp_path, "flag", {"HOLDFAST_API_KEY": "variable"}) == "flag"


def test_a_data_directory_that_is_not_there_is_not_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Invalid) as raised, desk(tmp_path / "typo", None):
        pass
    assert raised.value.path == str(tmp_path / "typo")
    assert not (tmp_path / "typo").exists()


def test_a_server_that_does_not_answer_is_named() -> None:
    with pytest.raises(Busy, match="does not answer"):
        Desk(OverHttp("http://127.0.0.1:9", "key")).keys()


@pytest.mark.parametrize(("status", "kind"), [(400, Invalid), (401, Unauthorized), (404, NotFound), (409, Conflict)])
def test_a_complaint_crosses_the_wire_whole(status: int, kind: type[Exception]) -> None:
    body = {"error": {"code": "c", "message": "m", "path": "$.x", "hint": "h"}}
    error = complaint_of(status, json.dumps(body).encode())
    assert type(error) is kind
    assert (error.code, error.message, error.path, error.hint) == ("c", "m", "$.x", "h")  # type: ignore[attr-defined]  # all are Exposed


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b'{"error": "no"}', b'{"error": {}}'])
def test_what_is_no_complaint_of_ours_is_shown_as_it_is(body: bytes) -> None:
    assert isinstance(complaint_of(400, body), Internal)


def test_an_answer_without_its_list_is_a_broken_promise() -> None:
    assert rows_of({"keys": []}, "keys") == []
    with pytest.raises(Internal):
        rows_of({}, "keys")


class Refusing:
    """A transport whose every answer is a complaint, with the remedy the API gives."""

    def __init__(self, status: int) -> None:
        self._status = status

    def ask(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
        del method, path, body
        error = {"code": "not_found", "message": "nobody goes by 'bob'.", "path": "", "hint": "GET /api/people finds."}
        return self._status, json.dumps({"error": error}).encode()

    def close(self) -> None:
        """There is nothing to let go of."""


def test_remedies_are_commands_and_no_calls_of_the_api() -> None:
    with pytest.raises(NotFound, match="nobody goes by 'bob'") as missing:
        Desk(Refusing(404)).show("bob")
    assert "holdfast people find" in missing.value.hint
    with pytest.raises(NotFound) as segment:
        Desk(Refusing(404)).delete_segment("loyal")
    assert "holdfast segment list" in segment.value.hint
    with pytest.raises(Unauthorized, match="does not take this api key") as refused:
        Desk(Refusing(401)).keys()
    assert "--api-key" in refused.value.hint


@pytest.mark.parametrize("text", ["", "[]", "{", '{"api_key": 1}'])
def test_a_broken_file_of_keys_says_no_keys(tmp_path: Path, text: str) -> None:
    (tmp_path / "keys.json").write_text(text)
    assert first_keys(tmp_path) == {}
    with pytest.raises(Unauthorized):
        key_for(tmp_path, None, {})


def test_a_directory_of_other_things_is_not_made_a_workspace(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "state.sqlite").touch()
    with pytest.raises(Invalid, match="no workspace") as raised, desk(tmp_path, None):
        pass
    assert str(tmp_path / "shop") in raised.value.hint
    assert [each.name for each in tmp_path.iterdir()] == ["shop"]
