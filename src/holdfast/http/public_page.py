"""Pages for the people messages go to: no scripts, nothing from elsewhere, readable by everybody, en and de."""

from __future__ import annotations

from html import escape
from typing import Literal

from starlette.requests import Request
from starlette.responses import HTMLResponse

Language = Literal["en", "de"]

HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
_PAGE_HEADERS = {
    **HEADERS,
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
}
_STYLE = """
:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:30rem;margin:15vh auto;padding:0 1.5rem;
background:#f7f7f4;color:#1b1b19}h1{font-size:1.4rem;margin:0 0 .5rem}p{color:#5b5a54}a{color:inherit}
button{font:inherit;padding:.6rem 1.1rem;border:0;border-radius:8px;background:#1b1b19;color:#fff;cursor:pointer}
button.quiet{background:none;color:inherit;text-decoration:underline;padding:.6rem 0}
button:focus-visible,input:focus-visible,a:focus-visible{outline:2px solid #2d5ed4;outline-offset:2px}
fieldset{border:1px solid #d6d5cf;border-radius:8px;margin:0 0 1rem;padding:.6rem 1rem}legend{font-weight:600}
label{display:flex;gap:.6rem;align-items:center;padding:.35rem 0}input{width:1.15rem;height:1.15rem;flex:none}
[role=status]{border-left:3px solid #2f7d4f;padding-left:.8rem}
@media (prefers-color-scheme:dark){body{background:#111110;color:#f0efeb}p{color:#aeada5}
button{background:#f0efeb;color:#191918}button.quiet{background:none;color:inherit}fieldset{border-color:#3a3a36}}
"""


def language_for(request: Request, own: str = "") -> Language:
    """What a page is said in: what the person said, else what their browser asks for, else English."""
    if own in ("en", "de"):
        return "de" if own == "de" else "en"
    for asked in request.headers.get("accept-language", "").lower().split(","):
        if asked.strip()[:2] in ("en", "de"):
            return "de" if asked.strip().startswith("de") else "en"
    return "en"


def page(title: str, content: str, *, language: Language = "en", status: int = 200) -> HTMLResponse:
    """A page; `content` is HTML, `title` is not."""
    html = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{_STYLE}</style></head>'
        f"<body><main><h1>{escape(title)}</h1>{content}</main></body></html>"
    )
    return HTMLResponse(html, status, _PAGE_HEADERS)


def lost(language: Language = "en") -> HTMLResponse:
    """The answer to a link that is none of ours."""
    title, words = _LOST[language]
    return page(title, f"<p>{words}</p>", language=language, status=404)


_LOST: dict[Language, tuple[str, str]] = {
    "en": (
        "This link does not work",
        "It may have been cut off on its way. Copy the whole link from the message and try again.",
    ),
    "de": (
        "Dieser Link funktioniert nicht",
        "Vielleicht wurde er unterwegs abgeschnitten. Kopieren Sie den ganzen Link aus der Nachricht.",
    ),
}
