import { describe, expect, it } from "vitest";
import {
  createEntry,
  type Entry,
  MOST_ENTRIES,
  titleOf,
  withEntry,
  withoutEntry,
  withReplaced,
} from "../../src/results/entries.js";
import { answerOf, hitOf, lineRange } from "./hits.js";

const search = (query: string, now = 0): Entry => createEntry({ kind: "search", query }, answerOf([hitOf()]), now);
const titles = (entries: readonly Entry[]) => entries.map((entry) => titleOf(entry.question));

describe("the kept questions", () => {
  it("are newest first, each once, with the newer answer", () => {
    const entries = [search("a", 1), search("b", 2), search("a", 3)].reduce<Entry[]>(withEntry, []);
    expect(titles(entries)).toEqual(["a", "b"]);
    expect(entries[0]?.foundAt).toBe(3);
  });

  it("are no more than twenty", () => {
    const entries = Array.from({ length: 25 }, (_, at) => search(`q${at}`)).reduce<Entry[]>(withEntry, []);
    expect(entries).toHaveLength(MOST_ENTRIES);
    expect(titles(entries).at(0)).toBe("q24");
    expect(titles(entries).at(-1)).toBe("q5");
  });

  it("stay where they are when they are answered again", () => {
    const entries = [search("a", 1), search("b", 2)].reduce<Entry[]>(withEntry, []);
    const replaced = withReplaced(entries, search("a", 9));
    expect(titles(replaced)).toEqual(["b", "a"]);
    expect(replaced[1]?.foundAt).toBe(9);
  });

  it("go one by one", () => {
    const entries = [search("a"), search("b")].reduce<Entry[]>(withEntry, []);
    expect(titles(withoutEntry(entries, search("b").id))).toEqual(["a"]);
  });

  it("tell a search from similar code, and one place from another", () => {
    const textDocument = { uri: "file:///w/a.py" };
    const similar = (line: number) =>
      createEntry(
        { kind: "similar", title: "Similar to a", params: { textDocument, position: { line, character: 0 } } },
        answerOf([]),
        0,
      );
    const ranged = createEntry(
      { kind: "similar", title: "Similar to a", params: { textDocument, range: lineRange(1) } },
      answerOf([]),
      0,
    );
    const ids = [search("Similar to a"), similar(1), similar(2), ranged].map((entry) => entry.id);
    expect(new Set(ids).size).toBe(4);
    expect(similar(1).id).toBe(ids[1]);
  });
});
