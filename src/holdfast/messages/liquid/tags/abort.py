"""`abort`: this person is not written to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TextIO

from liquid import RenderContext, Token, TokenStream
from liquid.ast import Node
from liquid.builtin.expressions import parse_primitive
from liquid.expression import Expression
from liquid.tag import Tag
from liquid.token import TOKEN_EOF, TOKEN_EXPRESSION, TOKEN_TAG

from holdfast.messages.liquid._liquid import AbortedError
from holdfast.messages.liquid.declared_liquid import DeclaredTag, Example
from holdfast.messages.liquid.tags._asking import as_text, present

REASON_CHARACTERS_MOST = 200


class AbortNode(Node):
    """The end of a rendering, and why."""

    __slots__ = ("reason",)

    def __init__(self, token: Token, reason: Expression | None) -> None:
        super().__init__(token)
        self.reason = reason
        self.blank = False

    def __str__(self) -> str:
        return f"{{% abort {self.reason or ''} %}}"

    def render_to_output(self, context: RenderContext, _buffer: TextIO) -> int:
        """Stop here. Raises AbortedError."""
        said = "" if self.reason is None else as_text(present(self.reason.evaluate(context)))
        raise AbortedError(" ".join(said.split())[:REASON_CHARACTERS_MOST])

    def expressions(self) -> Iterable[Expression]:
        """What it is made of, for the analysis of variables."""
        return () if self.reason is None else (self.reason,)


class AbortTag(Tag):
    """`{% abort "reason" %}`."""

    name = "abort"
    block = False

    def parse(self, stream: TokenStream) -> Node:
        """The node of one tag."""
        token = stream.eat(TOKEN_TAG)
        if stream.current.kind != TOKEN_EXPRESSION:
            return AbortNode(token, None)
        tokens = stream.into_inner(tag=token, eat=False)
        reason = parse_primitive(self.env, tokens)
        tokens.eat(TOKEN_EOF)
        return AbortNode(token, reason)


TAG = DeclaredTag(
    tag=AbortTag,
    form='{% abort "reason" %}',
    about="The message is not sent to this person; the reason is shown with it. A coupon it took is given back.",
    examples=(
        Example(
            source='{% if event.properties.left < 1 %}{% abort "sold out" %}{% endif %}Get yours',
            gives="Get yours",
        ),
    ),
)
