"""What the demo has to say: it can be saved, and every journey of it is one."""

from __future__ import annotations

from importlib import resources

import pytest

from holdfast.cli.demo_content import CODES, JOURNEYS, codes
from holdfast.decisions.journey import decode_journey


def test_codes_are_many_and_no_two_alike() -> None:
    made = codes(CODES)
    assert len(set(made)) == CODES
    assert {len(each) for each in made} == {8}


@pytest.mark.parametrize("name", JOURNEYS)
def test_every_journey_is_one(name: str) -> None:
    journey = decode_journey(resources.files("holdfast.sim").joinpath("decisions", f"{name}.json").read_bytes())
    assert journey.id == name
