"""The mapping of a file's columns: what it means, and what is wrong with it."""

from __future__ import annotations

from typing import Any

import pytest

from holdfast.integrations.files.mapping import ImportMapping, decode_mapping
from holdfast.kernel.errors import Invalid

LEAST = {"person": "who", "time": "at", "event_name": "Bought"}


def test_a_mapping_is_read_from_json() -> None:
    mapping = decode_mapping(b'{"person": "who", "time": "at", "event": "what", "properties": ["a", "b"]}')
    assert mapping == ImportMapping(person="who", time="at", event="what", properties=("a", "b"))
    assert mapping.roles == {"person": "who", "time": "at", "event": "what"}
    assert mapping.id_columns == {"who", "what"}


def test_null_means_not_given() -> None:
    assert decode_mapping(LEAST | {"properties": None, "currency": None}).properties is None


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"tiem": "x"}, "$.tiem"),
        ({"time": None}, "$.time"),
        ({"time": 5}, "$.time"),
        ({"time": ""}, "$.time"),
        ({"person": None}, "$.person"),
        ({"event_name": None}, "$.event"),
        ({"properties": "a"}, "$.properties"),
        ({"properties": ["a", 5]}, "$.properties[1]"),
        ({"time_zone": "Mars/Olympus"}, "$.time_zone"),
        ({"time_zone": "../../etc/passwd"}, "$.time_zone"),
        ({"currency": "euro"}, "$.currency"),
    ],
)
def test_what_is_wrong_is_said_with_its_path(change: dict[str, Any], path: str) -> None:
    with pytest.raises(Invalid) as refused:
        decode_mapping(LEAST | change)
    assert refused.value.path == path
    assert refused.value.hint


@pytest.mark.parametrize("data", [b"", b"[]", b"{", "5"])
def test_what_is_no_object_is_refused(data: bytes | str) -> None:
    with pytest.raises(Invalid):
        decode_mapping(data)


def test_a_misspelt_field_is_told_its_name() -> None:
    with pytest.raises(Invalid, match="Did you mean time_zone"):
        decode_mapping(LEAST | {"timezone": "UTC"})
