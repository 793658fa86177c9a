"""`linked`: what a web address answers at the moment of sending."""

from __future__ import annotations

from liquid import RenderContext
from liquid.exceptions import LiquidTypeError

from holdfast.messages.liquid.declared_liquid import DeclaredTag, Example
from holdfast.messages.liquid.needs import Linked
from holdfast.messages.liquid.tags._asking import Asking, AskingTag, as_text, present

URL_CHARACTERS_MOST = 2_000
BODY_CHARACTERS_MOST = 20_000
CACHE_SECONDS_MOST = 86_400
METHODS = ("GET", "POST")
_HEADERS = ("accept", "authorization", "content_type")


class LinkedNode(Asking):
    """One call."""

    __slots__ = ()

    def need(self, context: RenderContext) -> Linked | None:
        """The call; None for an empty address. Raises LiquidTypeError for one that cannot be made."""
        url = as_text(present(self.of.evaluate(context))).strip()
        if not url:
            return None
        body = self.text("body", context)
        method = self.text("method", context).upper() or ("POST" if body else "GET")
        if not url.startswith(("https://", "http://")) or len(url) > URL_CHARACTERS_MOST:
            raise LiquidTypeError("linked: the address does not begin with https://, or is too long", token=self.token)
        if method not in METHODS:
            raise LiquidTypeError(f"linked: the method is none of {', '.join(METHODS)}", token=self.token)
        if len(body) > BODY_CHARACTERS_MOST:
            raise LiquidTypeError(
                f"linked: the body is longer than {BODY_CHARACTERS_MOST:,} characters", token=self.token
            )
        said = ((name.replace("_", "-"), self.text(name, context)) for name in _HEADERS)
        return Linked(
            url=url,
            method=method,
            headers=tuple((name, " ".join(value.split())) for name, value in said if value),
            body=body,
            cache_seconds=self.number("cache", context, 0, CACHE_SECONDS_MOST),
            required=self.option("required", context) is True,
        )


class LinkedTag(AskingTag):
    """`{% linked "https://…" as answer %}`."""

    name = "linked"
    node_class = LinkedNode
    options = frozenset({"cache", "method", "body", "required", *_HEADERS})


TAG = DeclaredTag(
    tag=LinkedTag,
    form='{% linked "https://api.shop.example/stock/7" cache: 300 as stock %}',
    about="Calls a web address when the message is sent, and names what it answers: an object or a list where that is "
    "JSON, else its text; null when there is no answer. Only hosts in the setting `linked_hosts` are called, and none "
    "in a private network.",
    options=(
        ("cache", f"For how many seconds one answer serves everybody, up to {CACHE_SECONDS_MOST:,}; 0 is not at all."),
        ("method", "`GET` or `POST`; `POST` where there is a body."),
        ("body", "What is sent with it."),
        ("accept, authorization, content_type", "Headers of the call."),
        ("required", "`true`: without an answer the message waits, and is tried again like any that cannot go out."),
    ),
    examples=(
        Example(
            source='{% linked "https://api.shop.example/stock/7" cache: 300 as stock %}{{ stock.left }} left',
            gives="12 left",
        ),
    ),
)
