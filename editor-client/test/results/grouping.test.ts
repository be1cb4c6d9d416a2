import { expect, it } from "vitest";
import { groupByFile, splitPath } from "../../src/results/grouping.js";
import { hitOf } from "./hits.js";

it("groups hits by file, in the order of the best hits, and keeps the order inside", () => {
  const hits = [
    hitOf({ path: "b.py", qualifiedName: "one" }),
    hitOf({ path: "a.py", qualifiedName: "two" }),
    hitOf({ path: "b.py", qualifiedName: "three" }),
  ];
  expect(groupByFile(hits).map((group) => [group.path, group.hits.map((hit) => hit.qualifiedName)])).toEqual([
    ["b.py", ["one", "three"]],
    ["a.py", ["two"]],
  ]);
});

it("keeps files of the same path in different workspace folders apart", () => {
  const hits = [
    hitOf({ path: "a.py", uri: "file:///one/a.py", folder: "file:///one" }),
    hitOf({ path: "a.py", uri: "file:///two/a.py", folder: "file:///two" }),
  ];
  expect(groupByFile(hits).map((group) => group.folder)).toEqual(["file:///one", "file:///two"]);
});

it("has no group for no hits", () => {
  expect(groupByFile([])).toEqual([]);
});

it.each([
  ["src/cache/lru.ts", "src/cache", "lru.ts"],
  ["lru.ts", "", "lru.ts"],
  ["a/Makefile", "a", "Makefile"],
])("splits the path %s", (path, directory, name) => {
  expect(splitPath(path)).toEqual({ directory, name });
});
