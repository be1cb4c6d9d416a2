"""What a file is for, told by its path: product code, or tests, examples, benchmarks, documentation, vendored code."""

from __future__ import annotations

import re
from collections.abc import Sequence
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
_CLASS_OF_FOLDER = {name: int(path_class) for path_class, names in _FOLDERS.items() for name in names.split()}
_FOLDER_OF_SEVERAL = re.compile(r"(?:[-.]|^(?:unit|integration|functional)_)(tests|examples|samples|benchmarks)$")
"""`integration-tests`; `koin-test` is what others test with."""
_TEST_FILE = re.compile(r"(^|[._-])(tests?|specs?)([._-]|\.[^.]+$)")
_EXAMPLE_FILE = re.compile(r"((^|[._-])(examples?|demo)([._-]|\.[^.]+$))|((^|[._-])sample\.[^.]+$)", re.IGNORECASE)
_BENCHMARK_FILE = re.compile(r"(^|[._-])bench(mark)?s?([._-]|\.[^.]+$)", re.IGNORECASE)

_SOURCE_FOLDERS = frozenset("src lib libexec source sources".split())
"""Beside the code, what a file is for stands at the end of its name (`sort_test.go`, `sort.bench.ts`); in front it says
what the code is about (`test-run.ts`, `benchmark_options.cc`)."""
_TEST_BESIDE_CODE = re.compile(r"(^|[._-])(tests?|specs?)\.[^.]+$|\.(test|spec)s?\.|^test[_-].*\.(py|c|cc|cpp|cxx)$")
_EXAMPLE_BESIDE_CODE = re.compile(r"(^|[._-])(examples?|demo|sample)\.[^.]+$|\.examples?\.", re.IGNORECASE)
_BENCHMARK_BESIDE_CODE = re.compile(r"[._-]bench(mark)?s?\.[^.]+$", re.IGNORECASE)

_MAIN = re.compile(r"/src/main/(?:java|kotlin|scala|groovy|clojure|proto|resources)")
_PACKAGE_ENDS = (".rb", ".ex", ".pm")
"""Of languages whose packages have their product, and nothing else, in `lib`."""
_PACKAGES_OF_SOURCE = frozenset("build out perf site website".split())
"""What these are called below `src` is a package."""

_TEST, _EXAMPLE, _BENCHMARK = int(PathClass.TEST), int(PathClass.EXAMPLE), int(PathClass.BENCHMARK)
_TEST_NAMES = [name for language in LANGUAGES.values() for name in language.test_files]
_WHOLE_TEST_NAMES = frozenset(name for name in _TEST_NAMES if name[0] != "*")
_TEST_NAME_ENDS = tuple(name[1:] for name in _TEST_NAMES if name[0] == "*")


def path_class_of(path: str) -> PathClass:
    """Return the classes of a file by its posix path relative to the root, which is all that it depends on."""
    place = _package_root(path)
    if place >= 0:
        return PathClass(_class_of_folders(path[:place].split("/"), ""))
    *folders, name = path.split("/")
    found = _class_of_folders(folders, name)
    is_beside_code = not _SOURCE_FOLDERS.isdisjoint([folder.lower() for folder in folders])
    test = _TEST_BESIDE_CODE if is_beside_code else _TEST_FILE
    example = _EXAMPLE_BESIDE_CODE if is_beside_code else _EXAMPLE_FILE
    benchmark = _BENCHMARK_BESIDE_CODE if is_beside_code else _BENCHMARK_FILE
    if test.search(name) or name in _WHOLE_TEST_NAMES or name.endswith(_TEST_NAME_ENDS):
        found |= _TEST
    if example.search(name):
        found |= _EXAMPLE
    if benchmark.search(name):
        found |= _BENCHMARK
    return PathClass(found)


def _package_root(path: str) -> int:
    """Return where the folder begins below which lies nothing but the product, whatever its packages are called; or -1.

    Maven and Gradle have it, and packages of Ruby, Elixir and Perl.
    """
    rooted = f"/{path}"
    main = _MAIN.search(rooted)
    if main is not None:
        return main.start()
    return rooted.find("/lib/") if path.endswith(_PACKAGE_ENDS) else -1


def _class_of_folders(folders: Sequence[str], name: str) -> int:
    found = 0
    is_source = False
    for folder in map(str.lower, folders):
        if not (is_source and folder in _PACKAGES_OF_SOURCE):
            found |= _CLASS_OF_FOLDER.get(folder, 0)
            if (several := _FOLDER_OF_SEVERAL.search(folder)) is not None:
                found |= _CLASS_OF_FOLDER[several[1]]
        is_source = is_source or folder == "src"
    if name.endswith(".go") and folders[-1:] == ["doc"] and found == PathClass.DOCUMENTATION:
        return 0  # Go's packages are folders, and what only documents one is a comment in it
    return found
