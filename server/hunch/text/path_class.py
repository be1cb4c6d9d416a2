"""What a file is for, told by its path: product code, or tests, examples, benchmarks, documentation, vendored code."""

from __future__ import annotations

import re
from enum import IntFlag

from hunch.text.languages import LANGUAGES

__all__ = ["PathClass", "path_class_of"]


class PathClass(IntFlag):
    """What a file can be besides ordinary product code, which is 0."""

    PRODUCT = 0
    TEST = 1
    EXAMPLE = 2
    BENCHMARK = 4
    DOCUMENTATION = 8
    VENDORED = 16
    BUILT = 32


_FOLDERS = {
    PathClass.TEST: "test tests testing __tests__ spec specs unittests e2e __mocks__ mocks fixtures fixture testdata t",
    PathClass.EXAMPLE: "example examples sample samples demo demos tutorial tutorials playground cookbook",
    PathClass.BENCHMARK: "benchmark benchmarks bench benches perf",
    PathClass.DOCUMENTATION: "doc docs documentation website site",
    PathClass.VENDORED: "vendor vendored _vendor third_party thirdparty third-party external extern deps node_modules",
    PathClass.BUILT: "dist build out cjs esm esm5 umd min bundles",
}
_CLASS_OF_FOLDER = {name: path_class for path_class, names in _FOLDERS.items() for name in names.split()}
_TEST_FILE = re.compile(r"(^|[._-])(tests?|specs?)([._-]|\.[^.]+$)")
_EXAMPLE_FILE = re.compile(r"(^|[._-])(examples?|demo|sample)([._-]|\.[^.]+$)", re.IGNORECASE)
_BENCHMARK_FILE = re.compile(r"(^|[._-])bench(mark)?s?([._-]|\.[^.]+$)", re.IGNORECASE)

_TEST_NAMES = [name for language in LANGUAGES.values() for name in language.test_files]
_WHOLE_TEST_NAMES = frozenset(name for name in _TEST_NAMES if name[0] != "*")
_TEST_NAME_ENDS = tuple(name[1:] for name in _TEST_NAMES if name[0] == "*")


def path_class_of(path: str) -> PathClass:
    """Return the classes of a file by its posix path relative to the root."""
    *folders, name = path.split("/")
    found = PathClass.PRODUCT
    for folder in folders:
        found |= _CLASS_OF_FOLDER.get(folder.lower(), PathClass.PRODUCT)
    if _TEST_FILE.search(name) or name in _WHOLE_TEST_NAMES or name.endswith(_TEST_NAME_ENDS):
        found |= PathClass.TEST
    if _EXAMPLE_FILE.search(name):
        found |= PathClass.EXAMPLE
    if _BENCHMARK_FILE.search(name):
        found |= PathClass.BENCHMARK
    return found
