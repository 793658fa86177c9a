"""What is put into a letter's HTML: where it goes, whatever the HTML."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.messages.mail.email_html import PREVIEW_CHARACTERS, with_head, with_preheader
from holdfast.messages.mail.markup import text_of

DATA = '<script type="application/ld+json">[]</script>'


@pytest.mark.parametrize(
    ("html", "before", "after"),
    [
        ("<p>Hi</p>", "", "<p>Hi</p>"),
        ("<html><body class=x><p>Hi</p></body></html>", "<html><body class=x>", "<p>Hi</p></body></html>"),
        ("<!doctype html><p>Hi</p>", "<!doctype html>", "<p>Hi</p>"),
        ("<!-- <body> --><BODY>Hi", "<!-- <body> --><BODY>", "Hi"),
        (
            '<head><title><body></title></head><body data-x="<body>">Hi',
            '<head><title><body></title></head><body data-x="<body>">',
            "Hi",
        ),
    ],
)
def test_a_preheader_is_the_first_thing_in_the_body(html: str, before: str, after: str) -> None:
    made = with_preheader(html, "20% off & more <today>")
    assert made.startswith(f'{before}<div style="display:none;')
    assert made.endswith(f"</div>{after}")
    assert text_of(made).startswith("20% off & more <today>")


def test_what_the_preheader_leaves_of_the_preview_is_filled() -> None:
    assert with_preheader("<p>x</p>", "abc").count("&zwnj;") == PREVIEW_CHARACTERS - 3
    assert "&zwnj;" not in with_preheader("<p>x</p>", "a" * PREVIEW_CHARACTERS)


@pytest.mark.parametrize("html", ["", " ", "<p>x</p>"])
def test_without_a_preheader_or_a_letter_nothing_changes(html: str) -> None:
    assert with_preheader(html, " ") == html
    assert with_head(html, "") == html
    assert with_preheader("", "x") == with_head("", DATA) == ""


@pytest.mark.parametrize(
    ("html", "made"),
    [
        ("<html><head><title>x</title></head></html>", f"<html><head>{DATA}<title>x</title></head></html>"),
        ("<!doctype html><html lang=en><body>x", f"<!doctype html><html lang=en><head>{DATA}</head><body>x"),
        ("<!doctype html><p>x</p>", f"<!doctype html><head>{DATA}</head><p>x</p>"),
        ("<p>x</p>", f"<head>{DATA}</head><p>x</p>"),
        ("<body><head>x", f"<head>{DATA}</head><body><head>x"),
        ("<!-- <head> --><HEAD>", f"<!-- <head> --><HEAD>{DATA}"),
    ],
)
def test_data_for_programs_goes_into_the_head(html: str, made: str) -> None:
    assert with_head(html, DATA) == made


@given(st.text())
def test_nothing_of_the_letter_is_lost(html: str) -> None:
    if html.strip():
        assert with_head(html, DATA).replace(f"<head>{DATA}</head>", "", 1).replace(DATA, "", 1) == html
