"""Macros that a grammar takes for something else -> blanks, or a declaration of the same length.

What is a macro is told by how it is written: in capitals, where a declaration begins, in front of the type or the name
of one, behind its parameters. A macro with arguments and a body is a function (`TEST_F(Suite, Name) { ... }`): it
becomes one without parameters, and `macro_function_name` reads its name out of the arguments.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from hunch.text.syntax import text_of

if TYPE_CHECKING:
    from tree_sitter import Node

__all__ = ["blank_macros", "macro_function_name"]

_BLANK: Final = bytes(byte if byte == 0x0A else 0x20 for byte in range(256))
_LONGEST_ARGUMENTS: Final = 3_000
_LONGEST_HEAD: Final = 400
_MOST_WORDS: Final = 12
"""Macros and specifiers in front of one declaration."""

_SPECIFIER: Final = (
    rb"(?:static|inline|extern|virtual|constexpr|explicit|friend|typedef|const|volatile|__inline|__extension__)"
)
_SPECIFIERS: Final = rb"(?:" + _SPECIFIER + rb"[ \t]+)*"
_CAPITALS: Final = rb"[A-Z_][A-Z0-9_]+\b"
_MACRO_BEGINS: Final = rb"(?P<macro>" + _CAPITALS + rb")(?=[ \t]*(?:[\n(~]|[ \t][A-Za-z_]))"
_TYPE_AND_CONVENTION: Final = (
    rb"[A-Za-z_][\w:]*(?:[ \t*&]+(?:const|unsigned|int|long|char|struct)\b)?[ \t*&]+"
    rb"(?P<convention>[A-Z][A-Z0-9_]+|__[a-z][a-z_]+)[ \t]+(?=[A-Za-z_~][\w:~]*[ \t]*\()"
)
_BEFORE_TYPE: Final = (
    rb"(?P<word>[a-z_]\w*)[ \t]+(?=(?:[A-Z][A-Z0-9_]+[ \t]+)?"
    rb"(?:void|int|bool|char|float|double|long|unsigned|static|inline|constexpr|const|u?int(?:8|16|32|64)_t|size_t)\b)"
)
_LINE: Final = re.compile(
    rb"\n(?:[ \t]*(?=[A-Z_cefistuv])(?:(?P<head>class|struct|union|enum)\b|(?P<specified>template|"
    + _SPECIFIER
    + rb")\b|"
    + _MACRO_BEGINS
    + rb")|"
    + _TYPE_AND_CONVENTION
    + rb"|"
    + _BEFORE_TYPE
    + rb")"
)
_SPECIFIED: Final = re.compile(
    rb"(?:template[ \t]*<[^\n;{}]*>[ \t]*)?"
    + _SPECIFIERS
    + rb"(?:(?P<head>class|struct|union|enum)\b|"
    + _MACRO_BEGINS
    + rb"|"
    + _TYPE_AND_CONVENTION
    + rb"|"
    + _BEFORE_TYPE
    + rb")"
)
_CONVENTION: Final = re.compile(_SPECIFIERS + _TYPE_AND_CONVENTION)
_AFTER_PARAMETERS: Final = re.compile(
    rb"\)(?:[ \t]*(?:const|noexcept|override|final)\b)*[ \t]*(?:\n[ \t]*)?(?P<macro>[A-Z_][A-Z0-9_]{2,}\b)"
    rb"(?=[ \t\n]*(?:[({;:=]|->|[A-Z_a-z]))"
)
_WORDS_AFTER_NAMES: Final = (
    b"GUARDED_BY", b"ATTRIBUTE", b"DEPRECATED", b"AVAILABLE", b"SWIFT_", b"REFINED_FOR", b"DESIGNATED_INIT",
    b"REQUIRES_", b"UNUSED", b"ALIGNED",
)  # fmt: skip
_AFTER_NAME: Final = re.compile(rb"(?:" + rb"|".join(_WORDS_AFTER_NAMES) + rb")\w*")
_NAME_AND_MACRO: Final = re.compile(rb"(?P<name>\w+)[\])>]*[ \t]+\**(?P<macro>[A-Z_]*)$")
_LONGEST_BEFORE: Final = 80
_HEAD: Final = re.compile(
    rb"(?P<macros>(?:\s+[A-Za-z_]\w*(?:[ \t]*\([^()\n]*\))?)*)\s+(?P<name>[A-Za-z_][\w:]*)\s*(?:<[^;{}()\n]*>\s*)?"
    rb"(?:\{|:(?!:))"
)
_MACRO: Final = re.compile(_CAPITALS)
_LAST_WORD: Final = re.compile(rb"\w+$")
_WORD: Final = re.compile(rb"[A-Za-z_]\w*(?:::~?\w+)*")
_PART: Final = re.compile(rb"[A-Za-z_]\w*(?:[ \t]*\([^()\n]*\))?")
_ARGUMENT_LIST: Final = re.compile(rb"<[^<>;{}()\n]*(?:<[^<>;{}()\n]*>[^<>;{}()\n]*)*>[ \t]*")
_BRACKET: Final = re.compile(rb"[()]")
_SPACE: Final = re.compile(rb"[ \t]*")
_WHITE: Final = re.compile(rb"\s*")
_TYPE_BEGINS: Final = frozenset(
    b"static inline extern const volatile void int unsigned signed long short char float double bool auto struct class "
    b"union enum template constexpr consteval constinit virtual explicit typename friend using namespace typedef "
    b"size_t wchar_t uint8_t uint16_t uint32_t uint64_t int8_t int16_t int32_t int64_t __attribute__ __declspec "
    b"__inline __restrict __restrict__ restrict override final noexcept and or not new delete operator".split()
)
_ENDS_OF_NAME: Final = frozenset({b"final", b"sealed", b"abstract"})
_NO_MACRO_BEFORE: Final = frozenset({b"return", b"sizeof", b"if", b"while", b"switch", b"case", b"else", b"goto"})
_NATIVE: Final = frozenset({b"__attribute__", b"__declspec", b"__asm__", b"__extension__", b"__inline", b"__typeof__"})
_STARTS: Final = b";{}:>"
_TEST: Final = re.compile(rb"TEST|SCENARIO|BENCHMARK|_CASE\b")
_ENUMERATION: Final = re.compile(
    rb"(?:typedef[ \t]+)?(?:NS|CF|[A-Z]{2,4})_(?:\w*_)?(?:ENUM|OPTIONS)[ \t]*"
    rb"\([^(){},;\n]*,\s*(?P<name>\w+)\s*\)(?=\s*\{)"
)
_TWO_BRACKETS: Final = re.compile(rb"\(\(")
_PROTOTYPE: Final = re.compile(rb"[\w*][ \t]+(?P<macro>_?[A-Z]?_?OF|__?P|P_|_*PROTO\w*|_?PARAMS|_ANSI_ARGS_)[ \t]*\Z")
_MEMBER_TEMPLATE: Final = re.compile(rb"template(?:(?<=[.:]template)|(?<=->template))[ \t]")
_PARAMETER_MACRO: Final = re.compile(rb"UPARAM[ \t]*\([^()\n]*\)")
_IF_CONSTANT: Final = re.compile(rb"if[ \t]+(?P<macro>[A-Z][A-Z0-9_]+)[ \t]*(?=\()")
_AFTER_POINTER: Final = re.compile(
    rb"\*[ \t]*(?P<macro>[A-Za-z_]\w*)[ \t]+(?![A-Z_0-9]+\b)(?=[A-Za-z_]\w*[ \t]*[,)=;(\[])"
)
_LOOP: Final = re.compile(rb"\n[ \t]+(?P<macro>\w*(?:foreach|for_each|FOREACH|FOR_EACH)\w*)[ \t]*(?=\()")


def blank_macros(code: bytes, prepared: bytearray, language: str) -> None:
    """Blank in ``prepared`` what ``code``, the same without comments, strings and directives, shows as macros."""
    source = b"\n" + code + b"\n"  # every line begins behind a line break
    writer = _Writer(source, prepared)
    _blank_inside(writer)
    source = writer.source
    for line in _LINE.finditer(source):
        found: re.Match[bytes] | None = line
        if line.lastgroup == "specified":
            found = _SPECIFIED.match(source, line.start("specified"))
        if found is None or found.start(found.lastgroup or 0) < writer.done:
            continue
        if found.lastgroup == "word":
            _read_lower_case(writer, *found.span("word"))
        elif found.lastgroup == "head":
            _read_head(writer, found.end())
        elif found.lastgroup == "convention":
            _read_convention(writer, found, line.start())
        else:
            _read_declaration(writer, line.start(), found, language)
    for found in _AFTER_PARAMETERS.finditer(source):
        _read_behind_parameters(writer, found)
    for found in _AFTER_NAME.finditer(source) if any(word in source for word in _WORDS_AFTER_NAMES) else ():
        _read_behind_name(writer, found)


class _Writer:
    """The bytes that are read, and those that are blanked."""

    __slots__ = ("done", "fuel", "prepared", "source", "white")

    def __init__(self, source: bytes, prepared: bytearray) -> None:
        self.source = source
        self.prepared = prepared
        self.done = 0
        """Up to where declarations have been read: no macro is looked at twice."""
        self.white = (0, 0)
        """A place, and where the white space behind it ends."""
        self.fuel = len(source) + 10_000
        """How many brackets may still be looked at: many that are not closed would take quadratic time."""

    def is_white_from_done(self, position: int) -> bool:
        """Whether nothing but white space is between what was blanked last and a position."""
        if self.white[0] != self.done:
            self.white = self.done, _skip(_WHITE, self.source, self.done)
        return position <= self.white[1]

    def blank(self, start: int, end: int) -> None:
        self.prepared[start - 1 : end - 1] = self.prepared[start - 1 : end - 1].translate(_BLANK)
        self.done = max(self.done, end)

    def write(self, start: int, text: bytes) -> None:
        self.prepared[start - 1 : start - 1 + len(text)] = text


def _before(source: bytes, position: int) -> int:
    """The last byte in front of a position that is no white space; 0 at the start."""
    reach = 64
    while True:
        start = max(0, position - reach)
        text = source[start:position].rstrip()
        if text:
            return text[-1]
        if not start:
            return 0
        reach *= 4


def _end_of_arguments(writer: _Writer, opening: int) -> int:
    """The place behind the bracket that closes the one at ``opening``; 0 when it is far away, or there is none."""
    depth = 0
    if writer.fuel > 0:
        for bracket in _BRACKET.finditer(writer.source, opening, opening + _LONGEST_ARGUMENTS):
            writer.fuel -= 1
            depth += 1 if bracket[0] == b"(" else -1
            if not depth:
                return bracket.end()
    return 0


def _skip(pattern: re.Pattern[bytes], source: bytes, position: int) -> int:
    found = pattern.match(source, position)
    return found.end() if found is not None else position


def _is_word(byte: int) -> bool:
    return byte == 0x5F or 0x30 <= byte <= 0x39 or 0x41 <= byte <= 0x5A or 0x61 <= byte <= 0x7A or byte >= 0x80


def _read_head(writer: _Writer, end: int) -> None:
    """`class X_API A : public B`: what stands in front of the name is blanked."""
    found = _HEAD.match(writer.source, end, end + _LONGEST_HEAD)
    if found is None or not found["macros"].strip():
        return
    parts = list(_PART.finditer(writer.source, found.start("macros"), found.end("name")))
    while len(parts) > 1 and parts[-1][0] in _ENDS_OF_NAME:
        parts.pop()
    for part in parts[:-1]:
        if part[0] not in {b"class", b"struct"}:
            writer.blank(part.start(), part.end())


def _read_lower_case(writer: _Writer, start: int, end: int) -> None:
    """`really_inline int f(`: a word in front of a type that is no word of the language is blanked."""
    if writer.source[start:end] not in _TYPE_BEGINS and writer.source[start:end] not in _NO_MACRO_BEFORE:
        writer.blank(start, end)


def _read_convention(writer: _Writer, found: re.Match[bytes], first: int) -> None:
    """`int WINAPI f(`: what stands between the type and the name is blanked."""
    start, end = found.span("convention")
    line = writer.source[first:start].split()
    if line and line[0] not in _NO_MACRO_BEFORE and found["convention"] not in _NATIVE and line[-1] != b"const":
        writer.blank(start, end)


def _read_declaration(writer: _Writer, line: int, found: re.Match[bytes], language: str) -> None:
    """Macros where a declaration begins, one after the other."""
    source = writer.source
    start = found.start("macro")
    before = _before(source, line + 1)
    has_specifiers = bool(source[line:start].strip())
    follows_end = before == 0x64 and source[max(0, line - _LONGEST_BEFORE) : line].rstrip().endswith(b"@end")
    if before and before not in _STARTS and not follows_end and not writer.is_white_from_done(line):
        return
    is_at_margin = source[line + 1] not in b" \t"
    for _ in range(_MOST_WORDS):
        macro = _MACRO.match(source, start)
        if macro is None:
            break
        end = macro.end()
        following = _skip(_SPACE, source, end)
        if source[following] == 0x28:  # (
            may_define = start == found.start("macro") and (is_at_margin or bool(_TEST.search(macro[0])))
            end = _read_call(writer, start, following, language, may_define=may_define)
        elif source[following] == 0x0A:
            end = 0 if has_specifiers else _read_lone(writer, start, end, before)
        elif (following > end or source[following] == 0x7E) and _is_before_type(source, following):
            writer.blank(start, end)
        else:
            end = 0
        if not end:
            break
        start = _skip(_SPACE, source, end)
    convention = _CONVENTION.match(source, start)
    if convention is not None:
        _read_convention(writer, convention, convention.start())


def _is_before_type(source: bytes, position: int) -> bool:
    """Whether a whole declaration, with its type, follows, so that the word in front of it is no type."""
    if source[position] == 0x7E:
        return True
    word = _WORD.match(source, position)
    if word is None:
        return False
    if word[0] in _TYPE_BEGINS:
        return True
    if word[0].startswith(b"operator"):
        return word[0] == b"operator" and _is_word(source[_skip(_SPACE, source, word.end())])
    end = _skip(_SPACE, source, word.end())
    if source[end] == 0x3C:  # <
        arguments = _ARGUMENT_LIST.match(source, end)
        return arguments is None or source[arguments.end()] != 0x28
    # Two words, or a word and the sign of a pointer or a reference.
    return (_is_word(source[end]) and end > word.end()) or source[end] in b"*&"


def _read_lone(writer: _Writer, start: int, end: int, before: int) -> int:
    """A macro alone on its line: where it is blanked, its end."""
    source = writer.source
    following = _skip(_WHITE, source, end)
    if end - start < 3:
        return 0
    if following >= len(source):
        writer.blank(start, end)
        return end
    byte = source[following]
    if byte == 0x7D:  # the only entry of an enumeration
        if before == 0x7B:
            return 0
    elif not (_is_word(byte) or byte in b"~@#[" or (byte in b"-+" and source[following + 1 : following + 3] == b" (")):
        return 0
    word = _WORD.match(source, following)
    if word is not None and not word[0].isupper():
        opening = _skip(_SPACE, source, word.end())
        if source[opening] == 0x28 and word[0] not in _TYPE_BEGINS:
            return 0  # the type of a function whose name is on the next line
    writer.blank(start, end)
    return end


def _read_call(writer: _Writer, start: int, opening: int, language: str, *, may_define: bool) -> int:
    """A macro with arguments: where it is blanked, its end."""
    source = writer.source
    end = _end_of_arguments(writer, opening)
    if not end:
        return 0
    following = _skip(_WHITE, source, end)
    byte = source[following] if following < len(source) else 0x7D
    if byte == 0x7B:  # {
        if may_define:
            _write_function(writer, start, opening, end)
        elif language != "cpp":
            writer.blank(start, end)  # a loop
        return 0
    is_same_line = b"\n" not in source[end:following]
    if byte in b"*&" and is_same_line:
        _keep_type(writer, start, opening, end)
        return 0
    if not (_is_word(byte) or byte in b"~}#@[" or (byte in b"-+" and source[following + 1 : following + 3] == b" (")):
        return 0
    if is_same_line:
        word = _WORD.match(source, following)
        if word is not None and word[0] not in _TYPE_BEGINS:
            after = _skip(_SPACE, source, word.end())
            if source[after] in b"(;=[," and not word[0].isupper():
                _keep_type(writer, start, opening, end)
                return 0
    writer.blank(start, end)
    return end if is_same_line else 0


def _keep_type(writer: _Writer, start: int, opening: int, end: int) -> None:
    """`EXPORT(int) f(`: the type in the brackets stays."""
    written = writer.source[opening + 1 : end - 1].strip()
    if not written or not all(_is_word(byte) or byte in b" *:<>" for byte in written):
        writer.blank(start, end)
        return
    writer.blank(start, end)
    writer.write(start, written.replace(b"\n", b" ") if b"\n" not in writer.source[start:end] else b"")


def _write_function(writer: _Writer, start: int, opening: int, end: int) -> None:
    """`NAME(...)` -> `N ME(   )`, which defines a function in every language of the family."""
    if opening - start < 3:
        return
    writer.write(start, b"M " + b"m" * (len(writer.source[start:opening].rstrip()) - 2))
    writer.blank(opening + 1, end - 1)
    writer.done = end


def _read_behind_parameters(writer: _Writer, found: re.Match[bytes]) -> None:
    """Macros between the parameters and the body of a function."""
    source = writer.source
    if _follows_condition(writer, found.start()):
        return
    start = found.start("macro")
    spans: list[tuple[int, int]] = []
    for _ in range(_MOST_WORDS):
        macro = _MACRO.match(source, start)
        if macro is None:
            break
        end = macro.end()
        following = _skip(_WHITE, source, end)
        if following < len(source) and source[following] == 0x28:
            end = _end_of_arguments(writer, following)
            if not end:
                return
        spans.append((start, end))
        start = _skip(_WHITE, source, end)
    rest = source[start : start + 9]
    is_end = rest[:1] in {b";", b"{"} or rest.startswith((b"->", b"const", b"override", b"final", b"noexcept"))
    if is_end or (rest[:1] in {b":", b"="} and rest[:2] not in {b"::", b"=="}):
        for start, end in spans:
            writer.blank(start, end)


def _follows_condition(writer: _Writer, closing: int) -> bool:
    """Whether the bracket at ``closing`` ends a condition or a cast rather than parameters."""
    text = writer.source[max(0, closing - _LONGEST_HEAD) : closing]
    writer.fuel -= len(text) // 4
    depth = 1
    for bracket in reversed(list(_BRACKET.finditer(text)) if writer.fuel > 0 else []):
        depth += 1 if bracket[0] == b")" else -1
        if not depth:
            before = text[: bracket.start()].rstrip()[-_LONGEST_BEFORE:]
            word = _LAST_WORD.search(before)
            if word is not None:
                return word[0] in _NO_MACRO_BEFORE
            return not before.endswith((b")", b">", b"]")) and b"operator" not in before
    return False


def _read_behind_name(writer: _Writer, found: re.Match[bytes]) -> None:
    """`int x GUARDED_BY(mutex);`: what stands behind the name is blanked."""
    source = writer.source
    first = max(0, found.start() - _LONGEST_BEFORE)
    named = _NAME_AND_MACRO.search(source[first : found.start()])
    if named is None or named["name"] in _NO_MACRO_BEFORE:
        return
    start, end = first + named.start("macro"), found.end()
    following = _skip(_SPACE, source, end)
    if source[following] == 0x28:
        end = _end_of_arguments(writer, following)
        if not end:
            return
    following = _skip(_WHITE, source, end)
    if source[following : following + 1] in {b";", b"=", b"{", b",", b")"}:
        writer.blank(start, end)


def _blank_inside(writer: _Writer) -> None:
    """What can stand anywhere: each kind is looked for only where its word occurs."""
    source = writer.source
    spans: list[tuple[int, int]] = []
    if b"_ENUM" in source or b"_OPTIONS" in source:  # typedef NS_ENUM(NSInteger, Kind) {
        for found in _ENUMERATION.finditer(source):
            if found.end() - found.start() <= _LONGEST_HEAD:
                spans += [(found.start(), found.start("name")), (found.end("name"), found.end())]
    if any(word in source for word in (b"oreach", b"or_each", b"OREACH", b"OR_EACH")):  # list_for_each(item, list) {
        for found in _LOOP.finditer(source):
            end = _end_of_arguments(writer, found.end())
            body = _skip(_WHITE, source, end)
            if end and source[body : body + 1] == b"{":
                spans.append((found.start("macro"), end))
    if b"((" in source:  # int f PROTO((int a));
        for found in _TWO_BRACKETS.finditer(source):
            opening = found.start()
            if source[opening - 1] not in b"FPOS_ \t":
                continue
            first = max(0, opening - _LONGEST_BEFORE)
            named = _PROTOTYPE.search(source, first, opening)
            end = _end_of_arguments(writer, opening) if named is not None else 0
            if named is not None and end and source[end - 2] == 0x29:
                spans += [(named.start("macro"), opening + 1), (end - 1, end)]
    if b"template " in source:  # value.template get<int>()
        spans += [found.span() for found in _MEMBER_TEMPLATE.finditer(source)]
    if b"UPARAM" in source:
        spans += [found.span() for found in _PARAMETER_MACRO.finditer(source)]
    spans += [found.span("macro") for found in _IF_CONSTANT.finditer(source)]
    spans += [
        found.span("macro")
        for found in _AFTER_POINTER.finditer(source)
        if found["macro"] not in _TYPE_BEGINS and found["macro"] not in _NO_MACRO_BEFORE
    ]
    if spans:
        code = bytearray(source)
        for start, end in spans:
            writer.blank(start, end)
            code[start:end] = code[start:end].translate(_BLANK)
        for found in _ENUMERATION.finditer(source) if b"_ENUM" in source or b"_OPTIONS" in source else ():
            writer.write(found.start(), b"enum ")
        writer.source = bytes(code)
    writer.done = 0


_TWO_NAMES: Final = re.compile(r"\s*(\w+)(?:\s*<.*>)?\s*,\s*(\w+)\s*(?:,.*)?", re.DOTALL)
_FIRST_STRING: Final = re.compile(r'\s*(?:\w+\s*\(\s*)?"((?:[^"\\\n]|\\.)*)"')
_FIRST_NAME: Final = re.compile(r"\s*([\w:]+)")
_LONGEST_NAME: Final = 2_000


def macro_function_name(definition: Node) -> str | None:
    """The name in the arguments of a macro that `blank_macros` has made a function of; None for any other function."""
    declarator = definition.child_by_field_name("declarator")
    if declarator is None:
        return None
    parameters = declarator.child_by_field_name("parameters")
    if parameters is None or parameters.named_child_count or parameters.end_byte - parameters.start_byte <= 2:
        return None
    written = text_of(parameters)[1:-1]
    if not written.strip():
        return None
    macro = text_of(definition).partition("(")[0]
    string = _FIRST_STRING.match(written)
    if string is not None:
        return f'"{string[1]}"'
    names = _TWO_NAMES.match(written[:_LONGEST_NAME])
    if names is not None and "TEST" in macro and "BOOST" not in macro and "CASE" not in macro:
        return f"{names[1]}::{names[2]}"
    name = _FIRST_NAME.match(written)
    return name[1] if name is not None else None
