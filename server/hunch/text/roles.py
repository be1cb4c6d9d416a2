"""What a file is for, told by its path: product code, or tests, examples, benchmarks, documentation, vendored code."""

from __future__ import annotations

import re
from enum import IntFlag


class Role(IntFlag):
    """The secondary roles that a file can have; 0 is ordinary product code."""

    PRODUCT = 0
    TEST = 1
    EXAMPLE = 2
    BENCHMARK = 4
    DOCUMENTATION = 8
    VENDORED = 16
    BUILT = 32


_FOLDERS = {
    Role.TEST: "test tests testing __tests__ spec specs unittests e2e __mocks__ mocks fixtures fixture testdata t",
    Role.EXAMPLE: "example examples sample samples demo demos tutorial tutorials playground cookbook",
    Role.BENCHMARK: "benchmark benchmarks bench benches perf",
    Role.DOCUMENTATION: "doc docs documentation website site",
    Role.VENDORED: "vendor vendored _vendor third_party thirdparty third-party external extern deps node_modules",
    Role.BUILT: "dist build out cjs esm esm5 umd min bundles",
}
_ROLE_OF_FOLDER = {name: role for role, names in _FOLDERS.items() for name in names.split()}
_TEST_FILE = re.compile(
    r"(^|[._-])(tests?|specs?)([._-]|\.[^.]+$)|^conftest\.py$|(Tests?|Spec|TestCase|IT)\.(java|kt|scala|cs|swift|php)$"
)
_EXAMPLE_FILE = re.compile(r"(^|[._-])(examples?|demo|sample)([._-]|\.[^.]+$)", re.IGNORECASE)
_BENCHMARK_FILE = re.compile(r"(^|[._-])bench(mark)?s?([._-]|\.[^.]+$)", re.IGNORECASE)


def role_of(path: str) -> Role:
    """Return the roles of a file by its posix path relative to the root."""
    *folders, name = path.split("/")
    role = Role.PRODUCT
    for folder in folders:
        role |= _ROLE_OF_FOLDER.get(folder.lower(), Role.PRODUCT)
    if _TEST_FILE.search(name):
        role |= Role.TEST
    if _EXAMPLE_FILE.search(name):
        role |= Role.EXAMPLE
    if _BENCHMARK_FILE.search(name):
        role |= Role.BENCHMARK
    return role
