"""C, C++ and Objective-C as people write them: macros, conditions, headers, endings."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hunch.text.languages import associate, language_of
from hunch.text.languages._c_source import prepare_c, prepare_cpp, prepare_objective_c
from hunch.text.outline import outline_of
from hunch.text.source_text import SourceText


def names(path: str, source: str) -> list[str]:
    language = language_of(path, source.encode())
    assert language is not None
    found = outline_of(SourceText(path, language, source.encode())).definitions
    return [".".join(one.scope) for one in found if one.kind not in {"namespace", "scope"}]


@pytest.mark.parametrize(
    ("source", "language"),
    [
        ("int add(int a, int b);\n#define LIMIT 3\n", "c"),
        ('#ifdef __cplusplus\nextern "C" {\n#endif\nvoid run(void);\n#ifdef __cplusplus\n}\n#endif\n', "c"),
        ("#ifdef __cplusplus\nclass Wrapper {};\n#endif\nstruct plain { int a; };\n", "c"),
        ("#pragma once\nnamespace shop {\nstruct Cart;\n}\n", "cpp"),
        ("struct Cart : Base { int total; };\n", "cpp"),
        ("#include <vector>\nint total(int count);\n", "cpp"),
        ("void print(const Cart& cart);\n", "cpp"),
        ("/* a class of things\n   namespace of names */\nint f(void);\n", "c"),
        ("#import <Foundation/Foundation.h>\n@interface Cart : NSObject\n@end\n", "objective-c"),
        ("NS_ASSUME_NONNULL_BEGIN\nextern int limit;\nNS_ASSUME_NONNULL_END\n", "objective-c"),
    ],
)
def test_a_header_is_of_the_language_that_it_holds(source: str, language: str) -> None:
    assert language_of("include/cart.h", source.encode()) == language


@pytest.mark.parametrize(
    ("path", "source", "expected"),
    [
        ("a.cpp", "class SHOP_API Cart final : public Base {\n  int total;\n};\n", ["Cart"]),
        ("a.cpp", "TEST_F(CartTest, AddsItems) {\n  add();\n  add();\n}\n", ["CartTest.AddsItems"]),
        ("a.cpp", 'TEST_CASE("an empty cart: no total", "[cart]") {\n  add();\n}\n', ["an empty cart: no total"]),
        ("a.cpp", "BOOST_AUTO_TEST_CASE(sums_up)\n{\n  add();\n}\n", ["sums_up"]),
        ("a.c", "SYSCALL_DEFINE3(read, unsigned int, fd, char __user *, buf)\n{\n  return 0;\n}\n", ["read"]),
        ("a.c", "JNIEXPORT jint JNICALL Java_total(JNIEnv *env) {\n  return 1;\n}\n", ["Java_total"]),
        ("a.c", "STATIC_INLINE int total(int a) {\n  return a;\n}\n", ["total"]),
        ("a.c", "EXPORT(int) total(int a) {\n  return a;\n}\n", ["total"]),
        ("a.c", "int total(a, b)\n  int a;\n  char *b;\n{\n  return a;\n}\n", ["total"]),
        ("a.c", "#ifdef WIDE\nint total(long a)\n#else\nint total(int a)\n#endif\n{\n  return a;\n}\n", ["total"]),
        ("a.c", "#ifdef X\nint one(void) { return 1; }\n#else\nint two(void) { return 2; }\n#endif\n", ["one", "two"]),
        ("a.hpp", "SHOP_BEGIN_NAMESPACE\nclass Cart {\n  Q_OBJECT\n  int a;\n};\nSHOP_END_NAMESPACE\n", ["Cart"]),
        ("a.h", "UCLASS()\nclass GAME_API ACart : public AActor\n{\n  GENERATED_BODY()\n};\n", ["ACart"]),
        ("a.c", "#define SQUARE(x) \\\n  ((x) * (x))\n", ["SQUARE"]),
        (
            "a.m",
            "@implementation Cart\n- (void)move:(id)a to:(int)b {\n  [self x];\n}\n@end\n",
            ["Cart", "Cart.move:to:"],
        ),
        ("a.h", "typedef NS_ENUM(NSInteger, Kind) {\n  KindA,\n  KindB\n};\n", ["Kind"]),
        ("a.ino", "void blinkLed(int pin) {\n  high(pin);\n}\n", ["blinkLed"]),
        ("a.cu", "__global__ void addAll(int *a) {\n  a[0] = 1;\n}\n", ["addAll"]),
    ],
)
def test_definitions_are_found_through_macros_and_conditions(path: str, source: str, expected: list[str]) -> None:
    assert names(path, source) == expected


@pytest.mark.parametrize("prepare", [prepare_c, prepare_cpp, prepare_objective_c])
@pytest.mark.parametrize(
    "source",
    [
        b"",
        b"#if A\n#else\n{ FOO(\n#endif",
        b"\nA(" * 4000,
        b"#if X\n" * 3000,
        b'/* "' * 500 + b"\n\xff\xfe#endif",
        b") AAA;" * 5000,
    ],
)
def test_what_the_parser_reads_has_the_same_lines(prepare: object, source: bytes) -> None:
    assert callable(prepare)
    prepared = prepare(source)
    assert [len(line) for line in prepared.split(b"\n")] == [len(line) for line in source.split(b"\n")]


@pytest.fixture
def restored() -> Iterator[None]:
    yield
    associate({})


@pytest.mark.usefixtures("restored")
def test_the_user_says_which_language_an_ending_is() -> None:
    associate({"*.inc": "php", "legacy/*.inc": "cpp", "*.h": "c"})
    assert language_of("a/b.inc", b"int f();") == "php"
    assert language_of("legacy/b.inc") == "cpp"
    assert language_of("a.h", b"class A {};") == "c"
