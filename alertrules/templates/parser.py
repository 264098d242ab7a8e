"""Tokens to nodes: the grammar of templates. Raises TemplateError in Go's words."""

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from typing import Final, NoReturn

from alertrules.errors import TemplateError
from alertrules.gostrings import InvalidLiteralError, character, unquote
from alertrules.templates.lexer import Kind, Token, tokens_of
from alertrules.templates.limits import MAX_DEPTH, MAX_TEMPLATE
from alertrules.templates.literals import number
from alertrules.templates.nodes import (
    Action,
    Chain,
    Command,
    Dot,
    Field,
    Identifier,
    If,
    Invocation,
    Leave,
    Literal,
    Nil,
    Node,
    Pipe,
    Range,
    Template,
    Text,
    Variable,
    With,
)
from timeseries.text import quote

_BRANCHES: Final = {"if": If, "with": With, "range": Range}
_STRINGS: Final = (Kind.STRING, Kind.RAW_STRING)
_OPERANDS: Final = frozenset(
    (
        Kind.BOOL,
        Kind.CHARACTER,
        Kind.DOT,
        Kind.FIELD,
        Kind.IDENTIFIER,
        Kind.NUMBER,
        Kind.NIL,
        Kind.RAW_STRING,
        Kind.STRING,
        Kind.VARIABLE,
        Kind.OPEN,
    )
)
# Go cuts longer tokens in its messages.
_SHOWN: Final = 10


def parse(text: str, *, name: str, source: str, functions: Container[str]) -> dict[str, Template]:
    """Return the template of a text under its name, and those that are defined in it."""
    if len(text) > MAX_TEMPLATE:
        raise TemplateError(
            f"template: {source}:1: it has {len(text)} characters; the limit is {MAX_TEMPLATE}"
        )
    return _Parser(text, source, functions).parse(name)


@dataclass(slots=True)
class _Ended:
    """What ended a list of nodes: `end`, or `else` with what follows it."""

    word: str

    def __str__(self) -> str:
        return f"{{{{{self.word}}}}}"


class _Parser:
    def __init__(self, text: str, source: str, functions: Container[str]) -> None:
        self._text = text
        self._source = source
        self._functions = functions
        self._tokens = tokens_of(text)
        self._next = 0
        self._furthest = 0
        self._variables = ["$"]
        self._depth = 0
        self._loops = 0
        self._action_line = 0
        self._templates: dict[str, Template] = {}

    def parse(self, name: str) -> dict[str, Template]:
        body: list[Node] = []
        while self._peek().kind != Kind.EOF:
            if self._peek().kind == Kind.LEFT:
                start = self._next
                self._take()
                if self._is_keyword(self._take_word(), "define"):
                    self._definition()
                    continue
                self._next = start
            node = self._text_or_action()
            if isinstance(node, _Ended):
                self._fail(f"unexpected {node}")
            body.append(node)
        self._add(name, body)
        return self._templates

    # Tokens.

    def _peek(self) -> Token:
        self._furthest = max(self._furthest, self._next)
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._peek()
        if token.kind not in (Kind.EOF, Kind.ERROR):
            self._next += 1
        return token

    def _peek_word(self) -> Token:
        while self._peek().kind == Kind.SPACE:
            self._next += 1
        return self._tokens[self._next]

    def _take_word(self) -> Token:
        self._peek_word()
        return self._take()

    @staticmethod
    def _is_keyword(token: Token, word: str) -> bool:
        return token.kind == Kind.KEYWORD and token.text == word

    def _expect(self, context: str, *kinds: Kind) -> Token:
        token = self._take_word()
        if token.kind not in kinds:
            self._unexpected(token, context)
        return token

    def _unexpected(self, token: Token, context: str) -> NoReturn:
        if token.kind == Kind.ERROR:
            extra = ""
            if self._action_line not in (0, token.line):
                extra = f" in action started at {self._source}:{self._action_line}"
                if token.text.endswith(" action"):
                    extra = extra.removeprefix(" in action")
            self._fail(token.text + extra)
        self._fail(f"unexpected {_shown(token)} in {context}")

    def _fail(self, message: str) -> NoReturn:
        line = self._tokens[self._furthest].line
        raise TemplateError(f"template: {self._source}:{line}: {message}")

    def _enter(self) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._fail("max expression depth exceeded")

    # Lists and actions.

    def _add(self, name: str, body: list[Node]) -> None:
        made = Template(name=name, source=self._source, text=self._text, body=tuple(body))
        known = self._templates.get(name)
        if known is not None and not known.is_empty:
            if not made.is_empty:
                self._fail(f"template: multiple definition of template {quote(name)}")
            return
        self._templates[name] = made

    def _definition(self) -> None:
        context = "define clause"
        name = self._name(self._expect(context, *_STRINGS), context)
        self._expect(context, Kind.RIGHT)
        self._add(name, self._own_list(context))

    def _own_list(self, context: str) -> list[Node]:
        """Read the body of a template of its own: variables and loops around it don't count."""
        variables, loops = self._variables, self._loops
        self._variables, self._loops = ["$"], 0
        body, ended = self._list()
        if ended.word != "end":
            self._fail(f"unexpected {ended} in {context}")
        self._variables, self._loops = variables, loops
        return body

    def _list(self) -> tuple[list[Node], _Ended]:
        self._enter()
        body: list[Node] = []
        while self._peek_word().kind != Kind.EOF:
            node = self._text_or_action()
            if isinstance(node, _Ended):
                self._depth -= 1
                return body, node
            body.append(node)
        return self._fail("unexpected EOF")

    def _text_or_action(self) -> Node | _Ended:
        token = self._take_word()
        if token.kind == Kind.TEXT:
            return Text(at=token.at, text=token.text)
        if token.kind != Kind.LEFT:
            self._unexpected(token, "input")
        self._action_line = token.line
        action = self._action()
        self._action_line = 0
        return action

    def _action(self) -> Node | _Ended:
        token = self._peek_word()
        if token.kind != Kind.KEYWORD or token.text == "define":
            pipe = self._pipeline("command", Kind.RIGHT)
            return Action(at=token.at, pipe=pipe)
        self._take()
        word = token.text
        if word in _BRANCHES:
            return self._branch(word)
        if word in ("break", "continue"):
            return self._leave(word, token.at)
        if word in ("block", "template"):
            return self._block() if word == "block" else self._invocation()
        return self._end() if word == "end" else self._else()

    def _end(self) -> _Ended:
        self._expect("end", Kind.RIGHT)
        return _Ended("end")

    def _else(self) -> _Ended:
        following = self._peek_word()
        if following.kind != Kind.KEYWORD or following.text not in ("if", "with"):
            self._expect("else", Kind.RIGHT)
        return _Ended("else")

    def _leave(self, word: str, at: int) -> Node:
        token = self._take_word()
        if token.kind != Kind.RIGHT:
            self._unexpected(token, f"{{{{{word}}}}}")
        if not self._loops:
            self._fail(f"{{{{{word}}}}} outside {{{{range}}}}")
        return Leave(at=at, word=word)

    def _branch(self, word: str) -> Node:
        known = len(self._variables)
        pipe = self._pipeline(word, Kind.RIGHT)
        self._loops += word == "range"
        body, ended = self._list()
        self._loops -= word == "range"
        otherwise: list[Node] | None = None
        if ended.word == "else":
            if word != "range" and self._is_keyword(self._peek(), word):
                self._take()
                self._enter()
                otherwise = [self._branch(word)]
                self._depth -= 1
            else:
                otherwise, ended = self._list()
                if ended.word != "end":
                    self._fail(f"expected end; found {ended}")
        del self._variables[known:]
        return _BRANCHES[word](at=pipe.at, word=word, pipe=pipe, body=body, otherwise=otherwise)

    def _block(self) -> Node:
        context = "block clause"
        token = self._take_word()
        name = self._name(token, context)
        pipe = self._pipeline(context, Kind.RIGHT)
        self._add(name, self._own_list(context))
        return Invocation(at=token.at, name=name, pipe=pipe)

    def _invocation(self) -> Node:
        context = "template clause"
        token = self._take_word()
        name = self._name(token, context)
        if self._peek_word().kind == Kind.RIGHT:
            self._take()
            return Invocation(at=token.at, name=name, pipe=None)
        return Invocation(at=token.at, name=name, pipe=self._pipeline(context, Kind.RIGHT))

    def _name(self, token: Token, context: str) -> str:
        if token.kind not in _STRINGS:
            self._unexpected(token, context)
        return self._unquoted(token)

    def _unquoted(self, token: Token) -> str:
        try:
            return unquote(token.text)
        except InvalidLiteralError as error:
            self._fail(str(error))

    # Pipelines.

    def _pipeline(self, context: str, end: Kind) -> Pipe:
        at = self._peek_word().at
        variables, assigns = self._declarations(context)
        commands: list[Command] = []
        while True:
            token = self._take_word()
            if token.kind == end:
                break
            if token.kind not in _OPERANDS:
                self._unexpected(token, context)
            self._next -= 1
            commands.append(self._command())
        if not commands:
            self._fail(f"missing value for {context}")
        for stage, command in enumerate(commands[1:], 2):
            if isinstance(command.args[0], Literal | Dot | Nil):
                self._fail(f"non executable command in pipeline stage {stage}")
        return Pipe(at=at, variables=tuple(variables), assigns=assigns, commands=tuple(commands))

    def _declarations(self, context: str) -> tuple[list[str], bool]:
        names: list[str] = []
        while (token := self._peek_word()).kind == Kind.VARIABLE:
            start = self._next
            self._take()
            self._peek()
            following = self._peek_word()
            if following.kind in (Kind.ASSIGN, Kind.DECLARE):
                self._take()
                names.append(token.text)
                self._variables.append(token.text)
                return names, following.kind == Kind.ASSIGN
            if following.kind != Kind.CHAR or following.text != ",":
                self._next = start
                break
            self._take()
            names.append(token.text)
            self._variables.append(token.text)
            if context != "range" or len(names) > 1:
                self._fail(f"too many declarations in {context}")
            if self._peek_word().kind not in (Kind.VARIABLE, Kind.RIGHT, Kind.CLOSE):
                self._fail("range can only initialize variables")
        return names, False

    def _command(self) -> Command:
        at = self._peek_word().at
        args: list[Node] = []
        while True:
            self._peek_word()
            operand = self._operand()
            if operand is not None:
                args.append(operand)
            token = self._take()
            if token.kind == Kind.SPACE:
                continue
            if token.kind in (Kind.RIGHT, Kind.CLOSE):
                self._next -= 1
            elif token.kind != Kind.PIPE:
                self._unexpected(token, "operand")
            break
        if not args:
            self._fail("empty command")
        return Command(at=at, args=tuple(args))

    def _operand(self) -> Node | None:
        node = self._term()
        if node is None or self._peek().kind != Kind.FIELD:
            return node
        at = self._peek().at
        names: list[str] = []
        while self._peek().kind == Kind.FIELD:
            names.append(self._take().text[1:])
        match node:
            case Field():
                return Field(at=at, names=(*node.names, *names))
            case Variable():
                return Variable(at=at, name=node.name, names=tuple(names))
            case Literal() | Nil() | Dot():
                return self._fail(f"unexpected . after term {quote(str(node))}")
            case _:
                return Chain(at=at, node=node, names=tuple(names))

    def _term(self) -> Node | None:
        token = self._peek_word()
        if token.kind not in _OPERANDS:
            return None
        self._take()
        if token.kind == Kind.OPEN:
            self._enter()
            pipe = self._pipeline("parenthesized pipeline", Kind.CLOSE)
            self._depth -= 1
            return pipe
        if token.kind == Kind.IDENTIFIER and token.text not in self._functions:
            self._fail(f"function {quote(token.text)} not defined")
        if token.kind == Kind.VARIABLE and token.text not in self._variables:
            self._fail(f"undefined variable {quote(token.text)}")
        make = _TERMS.get(token.kind)
        return self._literal(token) if make is None else make(token)

    def _literal(self, token: Token) -> Literal:
        written = token.text
        if token.kind == Kind.BOOL:
            return Literal(at=token.at, written=written, value=written == "true", kind="bool")
        if token.kind in _STRINGS:
            return Literal(at=token.at, written=written, value=self._unquoted(token), kind="string")
        try:
            if token.kind == Kind.CHARACTER:
                code = character(written)
                return Literal(
                    at=token.at,
                    written=written,
                    value=code,
                    kind="number",
                    integer=code,
                    floating=float(code),
                )
            found = number(written)
        except InvalidLiteralError as error:
            self._fail(str(error))
        value = found.floating if found.is_float else found.integer
        return Literal(
            at=token.at,
            written=written,
            value=value,
            kind="number",
            integer=found.integer,
            floating=found.floating,
        )


_TERMS: Final[Mapping[Kind, Callable[[Token], Node]]] = {
    Kind.IDENTIFIER: lambda token: Identifier(at=token.at, name=token.text),
    Kind.DOT: lambda token: Dot(at=token.at),
    Kind.NIL: lambda token: Nil(at=token.at),
    Kind.VARIABLE: lambda token: Variable(at=token.at, name=token.text),
    Kind.FIELD: lambda token: Field(at=token.at, names=(token.text[1:],)),
}


def _shown(token: Token) -> str:
    if token.kind == Kind.EOF:
        return "EOF"
    if token.kind in (Kind.KEYWORD, Kind.DOT, Kind.NIL):
        return f"<{token.text}>"
    if len(token.text) > _SHOWN:
        return f"{quote(token.text[:_SHOWN])}..."
    return quote(token.text)
