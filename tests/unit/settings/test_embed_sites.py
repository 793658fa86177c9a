"""Which sites may show what is shared in a frame."""

from __future__ import annotations

import pytest

from holdfast.kernel.errors import Invalid
from holdfast.settings import Settings, decode_sites


def test_sites_are_told_apart_by_commas_or_spaces() -> None:
    said = "https://Intranet.example/, http://localhost:3000 https://*.wiki.example,*"
    assert decode_sites(said) == ("https://intranet.example", "http://localhost:3000", "https://*.wiki.example", "*")
    assert decode_sites(" , ") == ()


@pytest.mark.parametrize(
    "said",
    [
        "intranet.example",
        "https://a.example; script-src *",
        "https://a.example;",
        "'self'",
        "https:",
        "https://",
        "https://a.example/path",
        "https://a.*.example",
        "javascript:alert(1)",
        "https://a.example\r\nX-Evil:1",
    ],
)
def test_what_is_no_site_is_refused(said: str) -> None:
    with pytest.raises(Invalid) as refused:
        Settings(embed_sites=said)
    assert refused.value.path == "embed_sites"
