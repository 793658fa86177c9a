"""Blocks: put where they are asked for, never in themselves, never beyond what a message may hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.kernel.errors import Invalid, TooLarge
from holdfast.messages.saved.blocks import Block, Form, blocks_in, blocks_named, decode_block, encode_block, put_in

FOOTER = Block(name="Footer", html="<p>{{ workspace.name }} &amp; friends</p>", mjml="<mj-text>us</mj-text>")


@pytest.mark.parametrize(
    ("source", "form", "made"),
    [
        ('a {% block "footer" %} b', "html", "a <p>{{ workspace.name }} &amp; friends</p> b"),
        ("a {% include 'footer' %} b", "text", "a {{ workspace.name }} & friends b"),
        ('{%block "footer"%}', "mjml", "<mj-text>us</mj-text>"),
        ('a \n{%- block "footer" -%}\n b', "mjml", "a<mj-text>us</mj-text>b"),
        ('{%- block "footer" -%}{%- block "footer" -%}', "mjml", "<mj-text>us</mj-text>" * 2),
        ('{% raw %}{% block "x" %}{% endraw %}', "html", '{% raw %}{% block "x" %}{% endraw %}'),
        ('{% comment %}{% block "x" %}{%- endcomment -%}!', "html", '{% comment %}{% block "x" %}{%- endcomment -%}!'),
        ("{% assign block = 1 %}{{ block }}", "html", "{% assign block = 1 %}{{ block }}"),
        ("{% block footer %}{% block %}{% never", "html", "{% block footer %}{% block %}{% never"),
        ("{% raw %}{% block 'footer' %}", "html", "{% raw %}{% block 'footer' %}"),
    ],
)
def test_a_block_stands_where_it_is_asked_for(source: str, form: Form, made: str) -> None:
    assert put_in(source, {"footer": FOOTER}, form) == made


def test_blocks_stand_in_blocks() -> None:
    blocks = {
        "a": Block(name="A", html="[{% block 'b' %}]"),
        "b": Block(name="B", html="({% block 'c' %}{% block 'c' %})"),
        "c": Block(name="C", html="."),
    }
    assert put_in("{% block 'a' %}", blocks, "html") == "[(..)]"
    assert put_in("{% block 'a' %}", blocks, "text") == "[(..)]"


def test_a_block_in_itself_is_refused_with_the_way_there() -> None:
    blocks = {"a": Block(name="A", html="{% block 'b' %}"), "b": Block(name="B", html="{% block 'a' %}")}
    with pytest.raises(Invalid, match="stands in itself: a → b → a\\.") as refused:
        put_in("{% block 'a' %}", blocks, "html", path="$.html")
    assert (refused.value.code, refused.value.path) == ("block_cycle", "$.html")


def test_blocks_may_not_stand_too_deep() -> None:
    blocks = {f"b{n}": Block(name="B", html=f"{{% block 'b{n + 1}' %}}") for n in range(20)}
    with pytest.raises(Invalid, match="more than 10 deep"):
        put_in("{% block 'b0' %}", blocks, "html")


def test_an_unknown_block_is_refused_with_the_nearest() -> None:
    with pytest.raises(Invalid, match="no block 'foter'") as refused:
        put_in("{% block 'foter' %}", {"footer": FOOTER}, "html", path="$.html")
    assert refused.value.code == "unknown_block"
    assert "Did you mean 'footer'?" in refused.value.hint


def test_what_grows_without_end_is_stopped() -> None:
    doubling = {f"b{n}": Block(name="B", html=f"{{% block 'b{n + 1}' %}}" * 9) for n in range(8)}
    with pytest.raises(TooLarge):
        put_in("{% block 'b0' %}", doubling | {"b8": Block(name="B", html="x")}, "html")
    few = {name: Block(name="B", text="{% block 'c' %}" * 25) for name in ("a", "b")}
    with pytest.raises(TooLarge):
        put_in("{% block 'a' %}" * 21, few | {"c": Block(name="C", text="x")}, "text")
    assert put_in("{% block 'a' %}" * 19, few | {"c": Block(name="C", text="x")}, "text") == "x" * 475
    with pytest.raises(TooLarge):
        put_in("{% block 'long' %}" * 5, {"long": Block(name="L", html="x" * 150_000)}, "html")


@pytest.mark.parametrize("hostile", ["{%" * 250_000, "{%- block 'a' -%}" * 25_000, " " * 200_000 + "{%- block 'a' -%}"])
def test_hostile_sources_take_little_time(hostile: str) -> None:
    assert len(blocks_named(hostile)) <= 1


def test_which_blocks_are_asked_for() -> None:
    assert blocks_named("{% block 'b' %}{% include \"a\" %}{% block 'b' %}") == ("b", "a")
    parts = {"html": "{% block 'b' %}", "buttons": [{"label": "{% block 'c' %}", "count": 1}], "x": None}
    assert blocks_in(parts) == ("b", "c")  # type: ignore[arg-type]  # A literal, which is wider than JSON.


def test_a_block_is_read_and_written() -> None:
    assert decode_block(encode_block(FOOTER)) == FOOTER
    with pytest.raises(Invalid, match="says nothing"):
        decode_block({"name": "Empty", "html": " "})
    with pytest.raises(Invalid, match="no field 'htm'"):
        decode_block({"name": "X", "htm": "x"})


@given(st.text(alphabet=st.sampled_from("{%-} 'ablock\n\"rwend"), max_size=80))
def test_no_text_breaks_it(source: str) -> None:
    blocks = {"": FOOTER, "a": FOOTER, "b": FOOTER}
    for name in blocks_named(source):
        blocks.setdefault(name, FOOTER)
    made = put_in(source, blocks, "mjml")
    assert (made == source) == (not blocks_named(source))
