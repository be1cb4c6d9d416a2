import { describe, expect, it } from "vitest";
import { createEntry, type Entry, MOST_ENTRIES } from "../../src/results/entries.js";
import { packEntries, unpackEntries } from "../../src/results/storing.js";
import { answerOf, hitOf, lineRange } from "./hits.js";

const search = (query: string, hits = [hitOf()]): Entry =>
  createEntry({ kind: "search", query }, answerOf(hits, { answerability: "weak", complete: false }), 42);
const similar = createEntry(
  {
    kind: "similar",
    title: "Similar to retry",
    params: { textDocument: { uri: "file:///w/a.py" }, range: lineRange(3) },
  },
  answerOf([hitOf({ name: null })]),
  43,
);

/** As the editor's memory does it. */
const reloaded = (entries: readonly Entry[]) => unpackEntries(JSON.parse(JSON.stringify(packEntries(entries))));

describe("entries", () => {
  it("come back as they were, and say that they were stored", () => {
    const entries = [search("a"), similar];
    const trimmed = (entry: Entry) => ({
      ...entry,
      isStored: true,
      hits: entry.hits.map((hit) => ({
        ...hit,
        highlights: [],
        snippet: hit.snippet.split("\n").slice(0, 4).join("\n"),
      })),
    });
    expect(reloaded(entries)).toEqual(entries.map(trimmed));
  });

  it("are stored with a few short lines of code each, and the tail of the hits with none", () => {
    const long = { snippet: `${"x".repeat(5000)}\n`.repeat(50), documentation: "d".repeat(5000) };
    const hits = Array.from({ length: 100 }, (_, line) => hitOf({ ...long, selectionRange: lineRange(line) }));
    const [entry] = reloaded([search("a", hits)]);
    expect(entry?.hits).toHaveLength(100);
    expect(entry?.hits[0]?.snippet.split("\n")).toHaveLength(4);
    expect(entry?.hits[99]?.snippet).toBe("");
    expect(entry?.hits[99]?.selectionRange.start.line).toBe(99);
    const everything = Array.from({ length: MOST_ENTRIES }, (_, at) => search(`q${at}`, hits));
    expect(JSON.stringify(packEntries(everything)).length).toBeLessThan(2_000_000);
  });

  it.each([
    ["nothing", undefined],
    ["no object", "entries"],
    ["another version", { ...packEntries([search("a")]), version: 0 }],
    ["no list", { version: 1, entries: {} }],
  ])("are none when there is %s", (_, stored) => {
    expect(unpackEntries(stored)).toEqual([]);
  });

  it("are read as they were stored before 0.2", () => {
    const { version, entries } = packEntries([search("a")]);
    const old = entries.map(({ answerability, ...rest }) => ({ ...rest, verdict: answerability }));
    expect(unpackEntries({ version, entries: old })).toMatchObject([{ answerability: "weak" }]);
  });

  const damaged: Array<[string, (entry: Record<string, unknown>) => unknown]> = [
    ["no question", (entry) => ({ ...entry, question: undefined })],
    ["a query that is no text", (entry) => ({ ...entry, question: { kind: "search", query: 3 } })],
    ["an unknown kind of question", (entry) => ({ ...entry, question: { kind: "other", query: "a" } })],
    ["a question for similar code at no place", (entry) => ({ ...entry, question: { kind: "similar", title: "a" } })],
    ["an answerability of its own", (entry) => ({ ...entry, answerability: "great" })],
    ["no time", (entry) => ({ ...entry, foundAt: null })],
    ["no hits", (entry) => ({ ...entry, hits: null })],
    ["a hit without a place", (entry) => ({ ...entry, hits: [{ ...hitOf(), selectionRange: { start: {} } }] })],
    ["a hit without a path", (entry) => ({ ...entry, hits: [{ ...hitOf(), path: undefined }] })],
    ["a hit with odd reasons", (entry) => ({ ...entry, hits: [{ ...hitOf(), reasons: [{ key: "words" }] }] })],
    ["nothing in it", () => null],
  ];
  it.each(damaged)("with %s are left out, and the others stay", (_, damage) => {
    const { version, entries } = packEntries([search("a"), search("b")]);
    const [first, second] = entries;
    const stored = { version, entries: [damage({ ...first }), second] };
    expect(unpackEntries(stored).map((entry) => entry.question)).toEqual([{ kind: "search", query: "b" }]);
  });
});
