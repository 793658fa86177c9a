"""Topics, as a setting names them."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.kernel.errors import Invalid
from holdfast.messages.topics import TOPICS_MOST, decode_topics


def test_topics_have_names_in_several_languages() -> None:
    news, tips = decode_topics(" news = News & more ; tips=Tips;news/de = Neues = gut;")
    assert (news.id, news.name, news.name_in("de"), news.name_in("fr")) == (
        "news",
        "News & more",
        "Neues = gut",
        "News & more",
    )
    assert tips.name_in("de") == "Tips"
    assert decode_topics("") == ()


@pytest.mark.parametrize(
    "wrong",
    ["news", "= News", "a b = News", "news =", "news/deu = x", "news/de = Neues", "a = \x00", "a = " + "x" * 101],
)
def test_what_names_no_topic_is_refused(wrong: str) -> None:
    with pytest.raises(Invalid, match="topic"):
        decode_topics(wrong)


def test_nobody_reads_a_list_without_end() -> None:
    with pytest.raises(Invalid, match="over 50"):
        decode_topics(";".join(f"t{number} = T" for number in range(TOPICS_MOST + 1)))


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(Invalid):
        decode_topics(text)
