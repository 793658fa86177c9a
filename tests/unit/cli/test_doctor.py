"""The doctor: each check finds what is wrong, and says what to do."""

from __future__ import annotations

import json
import os
import socket
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from holdfast.cli import doctor
from holdfast.settings import Settings


def test_an_old_python_is_bad() -> None:
    assert doctor.python_version((3, 10, 14)).state == "bad"
    assert doctor.python_version((3, 11, 0)).state == "good"


@pytest.mark.parametrize(("free", "state"), [(10**8, "bad"), (10**9, "warning"), (10**11, "good")])
def test_room_is_judged(free: int, state: str) -> None:
    assert doctor.free_disk(free).state == state


def test_a_port_that_is_taken_is_bad_and_a_free_one_good(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        finding = doctor.port(replace(settings, port=taken.getsockname()[1]))
        assert finding.state == "bad"
        assert "--port" in finding.remedy
    assert doctor.port(replace(settings, port=0)).state == "good"


def test_a_port_our_own_server_holds_is_good(tmp_path: Path) -> None:
    (tmp_path / "server.json").write_text(json.dumps({"url": "http://127.0.0.1:1", "pid": os.getpid()}))
    finding = doctor.port(Settings(data_dir=tmp_path))
    assert finding.state == "good"
    assert "http://127.0.0.1:1" in finding.said


def test_a_data_directory_is_tried_where_it_will_be(tmp_path: Path) -> None:
    assert doctor.writable(tmp_path).said == f"{tmp_path} can be written to"
    assert doctor.writable(tmp_path / "a" / "b").said == f"{tmp_path} can be written to, where it will be made"
    assert list(tmp_path.iterdir()) == []


def test_a_file_where_the_data_directory_should_be_is_bad(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    finding = doctor.writable(tmp_path / "file")
    assert finding.state == "bad"


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620])
def test_keys_that_others_can_reach_are_bad(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "keys.json"
    assert list(doctor.keys_file(path)) == []
    path.write_text("{}")
    path.chmod(mode)
    assert [each.state for each in doctor.keys_file(path)] == ["bad"]
    path.chmod(0o600)
    assert [each.state for each in doctor.keys_file(path)] == ["good"]


def test_a_clock_before_our_own_files_is_bad() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert doctor.clock(now, now.timestamp()).state == "good"
    assert doctor.clock(datetime(1970, 1, 2, tzinfo=UTC), now.timestamp()).state == "bad"
    assert doctor.clock(datetime(2199, 1, 2, tzinfo=UTC), now.timestamp()).state == "bad"


def test_an_unbuilt_console_is_a_warning(tmp_path: Path) -> None:
    assert doctor.console(tmp_path / "index.html").state == "warning"
    (tmp_path / "index.html").write_text("")
    assert doctor.console(tmp_path / "index.html").state == "good"


def test_our_own_libraries_are_here() -> None:
    assert [each.state for each in doctor.libraries()] == ["good"]
    assert doctor.installed("pytest")
    assert not doctor.installed("no-such-distribution-of-ours")


def test_a_remedy_stands_beside_everything_that_is_bad(tmp_path: Path) -> None:
    bad = [doctor.python_version((3, 9, 0)), doctor.free_disk(0), doctor.clock(datetime(1970, 1, 1, tzinfo=UTC), 1e9)]
    (tmp_path / "file").write_text("")
    bad.append(doctor.writable(tmp_path / "file"))
    assert all(each.remedy for each in bad)
