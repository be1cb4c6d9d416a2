import { describe, expect, it } from "vitest";
import { createEntry, type Entry } from "../../src/results/entries.js";
import { groupByFile } from "../../src/results/grouping.js";
import { entryLabel, fileLabel, hitLabel, messageOf, momentOf } from "../../src/results/labels.js";
import { l10n } from "../vscode.js";
import { answerOf, hitOf } from "./hits.js";

const { t } = l10n;
const two = [hitOf({ path: "a.py" }), hitOf({ path: "b.py" })];
const search = (hits = two, changes = {}): Entry =>
  createEntry({ kind: "search", query: "send again" }, answerOf(hits, changes), 0);
const label = (entry: Entry) => entryLabel(entry, () => "yesterday, 14:32", t);

describe("a question in the tree", () => {
  it.each<[string, Entry, string]>([
    ["a good answer", search(), "2 hits in 2 files"],
    ["one hit", search([hitOf()]), "1 hit in 1 file"],
    ["several in one file", search([hitOf(), hitOf()]), "2 hits in 1 file"],
    ["an honest no", search(two, { answerability: "none" }), "nothing fits"],
    ["no hits", search([]), "nothing found"],
    ["a stored answer", { ...search(), isStored: true }, "2 hits in 2 files \u00b7 found yesterday, 14:32"],
  ])("says what came of it: %s", (_, entry, description) => {
    expect(label(entry)).toMatchObject({ label: "send again", description });
  });

  it("is a whole sentence for a screen reader", () => {
    expect(label({ ...search(), isStored: true }).spoken).toBe(
      "Search for send again, 2 hits in 2 files, found yesterday, 14:32.",
    );
    const params = { textDocument: { uri: "file:///w/a.py" } };
    const similar = createEntry({ kind: "similar", title: "Similar to retry", params }, answerOf([]), 0);
    expect(label(similar).spoken).toBe("Similar to retry, nothing found.");
  });
});

describe("a file in the tree", () => {
  const [group] = groupByFile([hitOf(), hitOf()]);
  const [top] = groupByFile([hitOf({ path: "setup.py" })]);
  if (group === undefined || top === undefined) {
    throw new Error("no groups");
  }

  it("has its folder and count behind its name", () => {
    expect(fileLabel(group, undefined, t)).toEqual({
      label: "retry.py",
      description: "src/net \u00b7 2 hits",
      spoken: "File retry.py, in src/net, 2 hits.",
    });
  });

  it("names the workspace folder when it is told", () => {
    expect(fileLabel(group, "shop", t).description).toBe("shop/src/net \u00b7 2 hits");
    expect(fileLabel(top, "shop", t).description).toBe("shop \u00b7 1 hit");
  });

  it("at the top has no folder", () => {
    expect(fileLabel(top, undefined, t)).toMatchObject({
      description: "1 hit",
      spoken: "File setup.py, at the top of the workspace folder, 1 hit.",
    });
  });
});

it("a hit in the tree has its line and reasons behind its name", () => {
  expect(hitLabel(hitOf(), t)).toEqual({
    label: "Client.retry",
    description: ":12 \u00b7 meaning; words (retry)",
    spoken: expect.stringMatching(/^method Client\.retry in src\/net\/retry\.py, line 12, .*\.$/),
  });
  expect(hitLabel(hitOf({ reasons: [] }), t).description).toBe(":12");
});

describe("the message above the tree", () => {
  it.each<[string, Entry, boolean, RegExp | undefined]>([
    ["a good answer", search(), true, undefined],
    ["a good answer that was whole, while something is indexed", search(), false, undefined],
    ["an honest no", search(two, { answerability: "none" }), true, /^Nothing here seems to do “send again”/],
    ["no hits", search([], { answerability: "none" }), true, /nothing was found/],
    ["half an index", search(two, { complete: false }), false, /still going on/],
    ["half an index that is whole by now", search(two, { complete: false }), true, /^(?!.*still).*Search again/],
  ])("is right for %s", (_, entry, isWholeNow, expected) => {
    const message = messageOf(entry, isWholeNow, t);
    if (expected === undefined) {
      expect(message).toBeUndefined();
    } else {
      expect(message).toMatch(expected);
    }
  });
});

describe("a moment", () => {
  const now = new Date(2026, 2, 1, 9, 0).getTime();

  it.each([
    [new Date(2026, 2, 1, 0, 5), "today, 00:05"],
    [new Date(2026, 1, 28, 14, 32), "yesterday, 14:32"],
    [new Date(2026, 1, 27, 14, 32), "27.02.2026, 14:32"],
    [new Date(2025, 2, 1, 9, 0), "01.03.2025, 09:00"],
  ])("%s is %s", (time, expected) => {
    expect(momentOf(time.getTime(), now, "de", t)).toBe(expected);
  });

  it("is in English when the display language is none that is known", () => {
    expect(momentOf(new Date(2025, 0, 2, 9, 0).getTime(), now, "no_such language", t)).toMatch(/^Jan 2, 2025/);
  });
});
