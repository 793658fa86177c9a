"""What a segment may be called."""

from __future__ import annotations

import pytest

from holdfast.flows.audience.segment_drafts import draft_of
from holdfast.kernel.errors import Exposed
from holdfast.segments.builders import did

FAMILY = "Families \U0001f468\u200d\U0001f469\u200d\U0001f467"


@pytest.mark.parametrize(
    "name", ["Gold", FAMILY, "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "10\u00a0000 €", "e\u0301", "❤\ufe0f"]
)
def test_a_name_is_kept_as_it_is_written(name: str) -> None:
    assert draft_of("gold", name, did("A"), name).name == name


@pytest.mark.parametrize("name", ["a\nb", "a\tb", "a\0b", "a\u202eb", "a\u2028b", "a\ud800b", "a\x7fb", "\ufeffa"])
def test_a_name_is_one_line_that_can_be_shown(name: str) -> None:
    with pytest.raises(Exposed) as refused:
        draft_of("gold", name, did("A"))
    assert (refused.value.code, refused.value.path) == ("bad_text", "$.name")


def test_a_description_may_have_lines() -> None:
    assert draft_of("gold", "Gold", did("A"), "one\n\ttwo ").description == "one\n\ttwo"
    with pytest.raises(Exposed):
        draft_of("gold", "Gold", did("A"), "one\rtwo")
