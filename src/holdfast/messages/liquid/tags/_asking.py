"""What the tags share that ask for something and give it a name: `{% tag of, option: value as name %}`."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import ClassVar, TextIO

from liquid import Environment, RenderContext, Token, TokenStream
from liquid.ast import Node
from liquid.builtin.expressions import Identifier, parse_identifier, parse_primitive
from liquid.exceptions import LiquidSyntaxError, LiquidTypeError
from liquid.expression import Expression
from liquid.stringify import to_liquid_string
from liquid.tag import Tag
from liquid.token import TOKEN_AS, TOKEN_COLON, TOKEN_COMMA, TOKEN_EOF, TOKEN_TAG, TOKEN_WORD
from liquid.undefined import Undefined

from holdfast.events.event import Json
from holdfast.messages.liquid._liquid import Spending
from holdfast.messages.liquid.needs import IDS_MOST, Need

NAME_CHARACTERS_MOST = 200


class Asking(Node):
    """A tag that asks for something, and gives what it is answered a name."""

    __slots__ = ("name", "of", "options")

    def __init__(self, token: Token, of: Expression, options: Mapping[str, Expression], name: Identifier) -> None:
        super().__init__(token)
        self.of = of
        self.options = options
        self.name = name

    def __str__(self) -> str:
        options = "".join(f" {name}: {value}" for name, value in self.options.items())
        return f"{{% {self.token.value} {self.of}{options} as {self.name} %}}"

    @abstractmethod
    def need(self, context: RenderContext) -> Need | None:
        """What is needed to go on; None for nothing, and then it is null."""

    def meaning(self, value: Json) -> Json:
        """What the name stands for, given the need's value."""
        return value

    def render_to_output(self, context: RenderContext, _buffer: TextIO) -> int:
        """Ask, and name what is there so far."""
        need = self.need(context)
        value = context.ask(need) if need is not None and isinstance(context, Spending) else None
        context.assign(self.name, None if value is None else self.meaning(value))
        return 0

    def expressions(self) -> Iterable[Expression]:
        """What it is made of, for the analysis of variables."""
        return (self.of, *self.options.values())

    def template_scope(self) -> Iterable[Identifier]:
        """The name it gives."""
        return (self.name,)

    def option(self, name: str, context: RenderContext) -> object:
        """What an option says; None when it is not there, or is nothing."""
        expression = self.options.get(name)
        return None if expression is None else present(expression.evaluate(context))

    def text(self, name: str, context: RenderContext) -> str:
        """What an option says, as text; empty when it says nothing."""
        return as_text(self.option(name, context))

    def number(self, name: str, context: RenderContext, default: int, most: int) -> int:
        """A whole number an option says, 1 to `most`. Raises LiquidTypeError."""
        value = self.option(name, context)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
            raise LiquidTypeError(f"{name} is no whole number from 0 to {most:,}", token=self.token)
        return value

    def ids(self, name: str, context: RenderContext) -> tuple[str, ...]:
        """Ids an option names: one, or a list of ids or of objects with an `id`; each once, no more than `IDS_MOST`."""
        value = self.option(name, context)
        each = value if isinstance(value, (list, tuple, range)) else [value]
        named = (_id_of(one) for one in each[: 5 * IDS_MOST])
        return tuple(dict.fromkeys(one for one in named if one))[:IDS_MOST]

    def called(self, context: RenderContext) -> str:
        """What it asks of, such as a catalogue. Raises LiquidTypeError for no name."""
        value = as_text(present(self.of.evaluate(context)))
        if not value or len(value) > NAME_CHARACTERS_MOST:
            raise LiquidTypeError(f"{self.token.value}: there is no name", token=self.token)
        return value


class AskingTag(Tag):
    """Parses `{% tag of, option: value as name %}`; commas between options may be left out."""

    block = False
    node_class: ClassVar[type[Asking]]
    options: ClassVar[frozenset[str]] = frozenset()
    one_of: ClassVar[frozenset[str]] = frozenset()
    """Exactly one of these options must be there; empty for no such rule."""

    def parse(self, stream: TokenStream) -> Node:
        """The node of one tag."""
        token = stream.eat(TOKEN_TAG)
        tokens = stream.into_inner(tag=token, eat=False)
        of = parse_primitive(self.env, tokens)
        options = self._options(self.env, tokens, token)
        if tokens.current.kind != TOKEN_AS or tokens.peek.kind == TOKEN_EOF:
            raise LiquidSyntaxError(f"{token.value} needs a name: write `as name` at its end", token=token)
        next(tokens)
        name = parse_identifier(self.env, tokens, allow_trailing_question_mark=False)
        tokens.eat(TOKEN_EOF)
        return self.node_class(token, of, options, name)

    def _options(self, env: Environment, tokens: TokenStream, token: Token) -> dict[str, Expression]:
        found: dict[str, Expression] = {}
        while tokens.current.kind in (TOKEN_COMMA, TOKEN_WORD) or tokens.peek.kind == TOKEN_COLON:
            if tokens.current.kind == TOKEN_COMMA:
                next(tokens)
                continue
            name = next(tokens)
            tokens.eat(TOKEN_COLON)
            if name.value not in self.options or name.value in found:
                known = ", ".join(sorted(self.options)) or "none"
                raise LiquidSyntaxError(f"{token.value} has no option {name.value!r}; it has: {known}", token=token)
            found[name.value] = parse_primitive(env, tokens)
        if self.one_of and len(self.one_of & found.keys()) != 1:
            raise LiquidSyntaxError(f"{token.value} needs one of: {', '.join(sorted(self.one_of))}", token=token)
        return found


def present(value: object) -> object:
    """The value; None for one that is not there."""
    return None if isinstance(value, Undefined) else value


def as_text(value: object) -> str:
    """The value as a template writes it, unescaped; empty for nothing."""
    return "" if value is None else str(to_liquid_string(value, autoescape=False))


def _id_of(value: object) -> str:
    inner = value.get("id") if isinstance(value, dict) else value
    if isinstance(inner, bool) or not isinstance(inner, (str, int)):
        return ""
    return str(inner) if len(str(inner)) <= NAME_CHARACTERS_MOST else ""
