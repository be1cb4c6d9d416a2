"""What a file is for, by its path."""

from __future__ import annotations

import pytest

from hunch.text.path_class import PathClass, path_class_of

P, T, E = PathClass.PRODUCT, PathClass.TEST, PathClass.EXAMPLE
B, D, V, U = PathClass.BENCHMARK, PathClass.DOCUMENTATION, PathClass.VENDORED, PathClass.BUILT


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("main.py", P),
        ("src/app/server.go", P),
        ("src/latest/contest.py", P),
        ("src/attest.py", P),
        ("src/testament.rs", P),
        ("src/inspect.py", P),
        ("src/benchpress.py", P),
        ("src/exampleless.py", P),
        ("src/documents/render.py", P),
        ("src/builder/run.ts", P),
        ("lib/distance.c", P),
        ("protest/protester.py", P),
        ("Makefile", P),
        ("", P),
        ("tests/test_a.py", T),
        ("tests/helpers.py", T),
        ("test/a.js", T),
        ("src/__tests__/a.ts", T),
        ("spec/models/user.rb", T),
        ("pkg/testdata/in.go", T),
        ("t/basic.pl", T),
        ("Tests/AppTests/A.swift", T),
        ("test_app.py", T),
        ("app_test.go", T),
        ("app_test.py", T),
        ("app.test.ts", T),
        ("app.spec.js", T),
        ("app-spec.js", T),
        ("user_spec.rb", T),
        ("tests.py", T),
        ("test.c", T),
        ("conftest.py", T),
        ("src/UserTest.java", T),
        ("src/UserTests.cs", T),
        ("src/UserSpec.scala", T),
        ("src/UserIT.java", T),
        ("src/UserTest.php", T),
        ("src/BaseTestCase.php", T),
        ("src/fixtures/a.py", T),
        ("src/mocks/a.ts", T),
        ("examples/a.py", E),
        ("example/a.py", E),
        ("demo/a.js", E),
        ("samples/x/y.c", E),
        ("tutorials/one.py", E),
        ("example_client.py", E),
        ("client.example.ts", E),
        ("demo.py", E),
        ("benches/sort.rs", B),
        ("benchmark/a.py", B),
        ("perf/a.c", B),
        ("bench_sort.py", B),
        ("sort_benchmark.cc", B),
        ("sort_bench.go", B),
        ("docs/conf.py", D),
        ("doc/x.py", D),
        ("website/index.js", D),
        ("vendor/lib/a.go", V),
        ("third_party/a.c", V),
        ("pip/_vendor/a.py", V),
        ("external/a.cc", V),
        ("dist/a.js", U),
        ("build/a.js", U),
        ("lib/esm/a.js", U),
        ("vendor/lib/tests/a.go", V | T),
        ("docs/examples/a.py", D | E),
        ("tests/bench_a.py", T | B),
        ("examples/app/test_app.py", E | T),
        ("TESTS/a.py", T),
        ("Examples/a.cs", E),
        ("Docs/a.py", D),
        # a word in front says what code is about, where code lies
        ("packages/runner/src/node/test-plan.ts", P),
        ("packages/runner/src/node/plan.test.ts", T),
        ("src/node/test/plan.ts", T),
        ("test-plan.ts", T),
        ("lib/shelltest/test_assertions.bash", P),
        ("test_assertions.bash", T),
        ("src/check/internal/check_test_registry.hpp", P),
        ("src/check/registry_test.cpp", T),
        ("src/check/test_registry.py", T),
        ("audio/mixer/sample_mixer.h", P),
        ("audio/sample.h", E),
        ("src/Support/Benchmark.php", P),
        ("src/support/sort_benchmark.php", B),
        ("src/render/benchmark-table.ts", P),
        ("benchmark-table.ts", B),
        # below the root of a package lies the product
        ("laws/src/main/scala/laws/OrderTests.scala", P),
        ("laws/src/test/scala/laws/OrderTests.scala", T),
        ("src/main/java/com/acme/build/perf/Clock.java", P),
        ("src/main/window.test.ts", T),
        ("examples/shop/src/main/java/com/acme/test/Shop.java", E),
        ("lib/shop/testing/example.rb", P),
        ("lib/shop/case/test.ex", P),
        ("lib/Test/Deep.pm", P),
        ("lib/shop/example.js", E),
        ("src/build/plan.ts", P),
        ("build/plan.ts", U),
        ("src/web/dist/plan.js", U),
        # Go documents in comments
        ("doc/render.go", P),
        ("doc/render_test.go", T),
        ("doc/render.py", D),
        ("docs/examples/render.go", D | E),
        # folders of several
        ("src/Acme.Billing.Tests/Fakes.cs", T),
        ("integration_tests/run.rs", T),
        ("shop-examples/one.kt", E),
        ("shop-test/src/Rule.kt", P),
        ("macros/generic_tests/not_null.sql", P),
    ],
)
def test_the_class_of_a_path(path: str, expected: PathClass) -> None:
    assert path_class_of(path) == expected


def test_path_classes_fit_a_byte() -> None:
    everything = PathClass.PRODUCT
    for one in PathClass:
        everything |= one
    assert 0 <= int(everything) <= 255
