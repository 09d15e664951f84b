"""YAML files as document trees: what the parser says, and which YAML is allowed.

Reads what untrusted files may hold: nesting and node count (after alias expansion) are bounded.
Tags, merge keys, octal and base-60 numbers are refused; `1e3` is a number, as in YAML 1.2; dates are text.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

import yaml

from sim.errors import FieldFault, InputError, PathStep, quoted
from sim.files.text import end_of, read_text, shown_path
from sim.files.tree import (
    HALF_CHARACTERS,
    MAX_DEPTH,
    MAX_NODES,
    MAX_NUMBER_CHARACTERS,
    Mark,
    Node,
    Steps,
    branch,
    described,
    has_half_characters,
)

_MAX_REPARSED_CHARACTERS = 1 << 16
_MAX_PROBLEM_CHARACTERS = 160
_TOO_DEEP, _DEPTH_ALLOWED = "nested too deeply", f"at most {MAX_DEPTH} levels"
# What the parsers refuse, and the byte order mark, which cannot be seen and which they count differently.
_UNWANTED = re.compile(f"{yaml.reader.Reader.NON_PRINTABLE.pattern}|\ufeff")
_IMPLICIT: Any = yaml.resolver.Resolver()
_BOOLEANS: Mapping[str, bool] = yaml.constructor.SafeConstructor.bool_values
_EXPONENT = re.compile(r"[-+]?[0-9]+(?:\.[0-9]*)?[eE][-+]?[0-9]+")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9_]+")


def read_tree(path: Path | str) -> Node | None:
    """Read a YAML file; None when it holds nothing. Raises InputError."""
    return compose(read_text(path), shown_path(path))


def compose(text: str, place: str) -> Node | None:
    """Read YAML text into nodes; None when it holds nothing. Raises InputError at the first fault of form."""
    unwanted = _UNWANTED.search(text)
    if unwanted:
        wrong = f"the character {unwanted[0]!r} is not allowed in YAML"
        mark = end_of(text[: unwanted.start()])
        raise InputError.located(f"{place}:{mark}", wrong=wrong, allowed="remove it")
    return _Composer(_events(text, place), place).document()


def _events(text: str, place: str) -> Iterator[Any]:
    """Yield the parser's events; what it cannot parse becomes an InputError."""
    parser = LOADER(text)
    try:
        while parser.check_event():
            yield parser.get_event()
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(_python_error(text) or error, place) from error
    except (ValueError, OverflowError) as error:
        # The Python parser lets through what chr() and int() say about escapes and version numbers.
        mark = _mark(parser.get_mark())
        wrong = "not valid YAML: a number in an escape or a directive is too large"
        raise InputError.located(f"{place}:{mark}", wrong=wrong, allowed="correct it") from error
    finally:
        parser.dispose()


class _TooDeep(yaml.MarkedYAMLError):
    """Flow or block nesting past MAX_DEPTH, before a parser gets to see the rest."""


class BoundedLoader(yaml.SafeLoader):
    """PyYAML's own parser, which stops at MAX_DEPTH.

    Its scanner looks at every open bracket again for each token, so that brackets alone cost the square of their
    number; libyaml gives up at a depth of its own, in words of its own.
    """

    def fetch_flow_collection_start(self, TokenClass: Any) -> None:
        self._check_depth()
        super().fetch_flow_collection_start(TokenClass)

    def add_indent(self, column: int) -> bool:
        self._check_depth()
        return bool(super().add_indent(column))

    def _check_depth(self) -> None:
        if self.flow_level + len(self.indents) >= MAX_DEPTH:
            raise _TooDeep(problem="nested too deeply", problem_mark=self.get_mark())


# The C parser is ten times as fast; the Python one, where it is missing, gives the same marks.
LOADER: Any = getattr(yaml, "CSafeLoader", BoundedLoader)


def _python_error(text: str) -> yaml.MarkedYAMLError | None:
    """Parse again in Python, so that messages do not depend on the parser that is installed.

    Of a long text only the start: what is nested too deeply there is still told by its name.
    """
    start = text[:_MAX_REPARSED_CHARACTERS]
    try:
        for _event in yaml.parse(start, Loader=BoundedLoader):
            pass
    except yaml.MarkedYAMLError as error:
        return error if start == text or isinstance(error, _TooDeep) else None
    except (ValueError, OverflowError):
        return None  # the C parser's own error says it better
    return None


def _syntax_error(error: yaml.MarkedYAMLError, place: str) -> InputError:
    if isinstance(error, _TooDeep):
        return InputError.located(f"{place}:{_mark(error.problem_mark)}", wrong=_TOO_DEEP, allowed=_DEPTH_ALLOWED)
    wrong = f"not valid YAML: {str(error.problem)[:_MAX_PROBLEM_CHARACTERS]}"
    if error.context and error.context_mark:
        wrong += f" {error.context} from {_mark(error.context_mark)}"
    mark = _mark(error.problem_mark or error.context_mark)
    return InputError.located(f"{place}:{mark}", wrong=wrong, allowed="check indentation, colons and quotes")


def _mark(mark: Any) -> Mark:
    return Mark(mark.line + 1, mark.column + 1)


class _Composer:
    """A composer of parser events into nodes.

    PyYAML's own composer recurses without bound, and its constructor lets the last of duplicate keys win.
    """

    def __init__(self, events: Iterator[Any], place: str) -> None:
        self._events = events
        self._place = place
        self._anchors: dict[str, Node | None] = {}
        self._nodes = 0

    def document(self) -> Node | None:
        next(self._events)  # the start of the stream
        if isinstance(next(self._events), yaml.StreamEndEvent):
            return None
        root = self._node(next(self._events), ())
        next(self._events)  # the end of the document
        event = next(self._events)
        if isinstance(event, yaml.DocumentStartEvent):
            wrong = "a second document starts here"
            self._refuse(_mark(event.start_mark), (), wrong, "one document per file")
        return root

    def _refuse(self, mark: Mark, path: Steps, wrong: str, allowed: str) -> NoReturn:
        raise InputError.located(f"{self._place}:{mark}", path, wrong=wrong, allowed=allowed)

    def _node(self, event: Any, path: Steps) -> Node:
        mark = _mark(event.start_mark)
        alias = isinstance(event, yaml.AliasEvent)
        node = self._anchored(event.anchor, mark, path) if alias else None
        if len(path) + (node.height if node else 1) > MAX_DEPTH:
            self._refuse(mark, (), _TOO_DEEP, _DEPTH_ALLOWED)
        self._nodes += node.size if node else 1
        if self._nodes > MAX_NODES:
            self._refuse(mark, (), "too many values, aliases expanded", f"at most {MAX_NODES}")
        return node or self._fresh(event, mark, path)

    def _anchored(self, name: str, mark: Mark, path: Steps) -> Node:
        node = self._anchors.get(name)
        if node is None:
            fault = "stands inside its own anchor" if name in self._anchors else "has no anchor before it"
            self._refuse(mark, path, f"the alias {quoted('*' + name)} {fault}", "write the value out")
        return node

    def _fresh(self, event: Any, mark: Mark, path: Steps) -> Node:
        if event.tag is not None:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            self._refuse(mark, path, f"the tag {quoted(tag)} is not supported", "remove the tag")
        if event.anchor is not None:
            self._anchors[event.anchor] = None  # known but not complete: an alias to it now would recurse
        if isinstance(event, yaml.ScalarEvent):
            node = self._scalar(event, mark, path)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._sequence(mark, path)
        else:
            node = self._mapping(mark, path)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _sequence(self, mark: Mark, path: Steps) -> Node:
        children: dict[PathStep, Node] = {}
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            children[len(children)] = self._node(event, (*path, len(children)))
        return branch([child.value for child in children.values()], mark, keys={}, children=children)

    def _mapping(self, mark: Mark, path: Steps) -> Node:
        keys: dict[PathStep, Mark] = {}
        children: dict[PathStep, Node] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key, key_mark = self._key(event, path), _mark(event.start_mark)
            if key in keys:
                self._refuse(key_mark, (*path, key), "duplicate key", f"it already stands at {keys[key]}")
            keys[key] = key_mark
            children[key] = self._node(next(self._events), (*path, key))
        value = {key: child.value for key, child in children.items()}
        return branch(value, mark, keys=keys, children=children)

    def _key(self, event: Any, path: Steps) -> str:
        mark = _mark(event.start_mark)
        if isinstance(event, yaml.CollectionStartEvent):
            self._refuse(mark, path, "a list or a mapping as a key", "expected text")
        node = self._node(event, path)
        if not isinstance(node.value, str):
            self._refuse(mark, path, f"for a key got {described(node)}", "expected text, so put it in quotes")
        if node.text == "<<" and not node.quoted:
            self._refuse(mark, path, "the merge key '<<' is not supported", "write the keys out")
        return node.value

    def _scalar(self, event: Any, mark: Mark, path: Steps) -> Node:
        text, plain = event.value, event.implicit[0]
        if has_half_characters(text):
            self._refuse(mark, path, HALF_CHARACTERS, "write it in UTF-8")
        try:
            value = plain_value(text) if plain else text
        except FieldFault as fault:
            self._refuse(mark, path, fault.wrong, fault.allowed)
        return Node(value=value, mark=mark, last=mark, text=text, quoted=not plain)


def plain_value(text: str) -> object:
    """Read a scalar that stands without quotes. Raises FieldFault."""
    tag = str(_IMPLICIT.resolve(yaml.ScalarNode, text, (True, False))).rpartition(":")[2]
    if tag == "null":
        return None
    if tag == "bool":
        return _BOOLEANS[text.lower()]
    if tag not in ("int", "float") and not _EXPONENT.fullmatch(text):
        return text
    if len(text) > MAX_NUMBER_CHARACTERS:
        raise FieldFault(f"a number of {len(text)} characters", f"at most {MAX_NUMBER_CHARACTERS}")
    return _number(text, whole=tag == "int")


def _number(text: str, *, whole: bool) -> int | float:
    digits = text.replace("_", "").lower()
    if ":" in digits or (whole and _LEADING_ZERO.fullmatch(text)):
        base = "60" if ":" in digits else "8"
        raise FieldFault(f"YAML reads {text} in base {base}", "write it in base 10, or in quotes")
    try:
        return int(digits, 0) if whole else float(digits.replace(".inf", "inf").replace(".nan", "nan"))
    except ValueError as error:
        raise FieldFault(f"{quoted(text)} is not a number", "put it in quotes if it is text") from error
