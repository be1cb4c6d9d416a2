import { describe, expect, it } from "vitest";
import type { Answer, Hit } from "../../src/protocol.js";
import {
  copiesOf,
  headingOf,
  iconOf,
  nameOf,
  placeOf,
  reasonsOf,
  spokenOf,
  triedOf,
} from "../../src/search/describe.js";
import { readRecent, withRecent } from "../../src/search/recent.js";
import { l10n } from "../vscode.js";

const at = (line: number) => ({ start: { line, character: 0 }, end: { line: line + 1, character: 0 } });
const hit: Hit = {
  uri: "file:///w/src/net/retry.py",
  folder: "file:///w",
  path: "src/net/retry.py",
  range: at(9),
  selectionRange: at(11),
  name: "retry",
  qualifiedName: "Client.retry",
  kind: "method",
  language: "python",
  score: 0.5,
  why: [
    { signal: "meaning", weight: 0.8, terms: [] },
    { signal: "words", weight: 0.7, terms: ["retry", "backoff"] },
    { signal: "symbol", weight: 0.1, terms: ["retry"] },
    { signal: "path", weight: 0.05, terms: ["net"] },
    { signal: "in test code", weight: -1.8, terms: [] },
  ],
  signature: "def retry(self)",
  documentation: "",
  snippet: "",
};
const answer = (verdict: Answer["verdict"], hits: Hit[]): Answer => ({
  query: "x",
  elapsedMs: 1,
  verdict,
  complete: true,
  notices: [],
  hits,
});

describe("a hit", () => {
  it("has the name with its class, and a place that counts lines from one", () => {
    expect(nameOf(hit)).toBe("Client.retry");
    expect(placeOf(hit)).toBe("src/net/retry.py:12");
    expect(placeOf(hit, "backend")).toBe("backend/src/net/retry.py:12");
  });

  it("is named after its file when it has no name", () => {
    expect(nameOf({ ...hit, name: null, qualifiedName: "" })).toBe("retry.py");
  });

  it("says what carried it, the three greatest, and nothing that spoke against it", () => {
    expect(reasonsOf(hit, l10n.t)).toBe("meaning · words (retry, backoff) · exact name (retry)");
  });

  it("says meaning once, with the words that are close in it, and last what its file says", () => {
    const why = [
      { signal: "context", weight: 2, terms: [] },
      { signal: "file words", weight: 1, terms: [] },
      { signal: "meaning", weight: 0.5, terms: ["delete \u2248 unlink"] },
      { signal: "words", weight: 0.4, terms: ["file"] },
    ];
    expect(reasonsOf({ ...hit, why }, l10n.t)).toBe(
      "meaning in context (delete \u2248 unlink) \u00b7 words (file) \u00b7 words elsewhere in the file",
    );
  });

  it("takes length for no reason", () => {
    const why = [
      { signal: "length", weight: 2, terms: [] },
      { signal: "language", weight: 1, terms: [] },
    ];
    expect(reasonsOf({ ...hit, why }, l10n.t)).toBe("in the language");
  });

  it("names a few words of many", () => {
    const many = { signal: "words", weight: 1, terms: ["a", "b", "c", "d", "e"] };
    expect(reasonsOf({ ...hit, why: [many] }, l10n.t)).toBe("words (a, b, c, d, \u2026)");
  });

  it("says how many copies there are", () => {
    const copy = { uri: "file:///w/vendor/retry.py", path: "vendor/retry.py", range: at(9) };
    expect(copiesOf(hit, l10n.t)).toBe("");
    expect(copiesOf({ ...hit, copies: [copy] }, l10n.t)).toBe("and 1 copy");
    expect(copiesOf({ ...hit, copies: [copy, copy] }, l10n.t)).toBe("and 2 copies");
  });

  it("is a whole sentence to a screen reader", () => {
    expect(spokenOf(hit, "meaning", l10n.t)).toBe("method Client.retry in src/net/retry.py, line 12, found by meaning");
    expect(spokenOf(hit, "", l10n.t)).toBe("method Client.retry in src/net/retry.py, line 12");
  });

  it("has an icon whatever its kind", () => {
    expect(iconOf("method")).toBe("symbol-method");
    expect(iconOf("new kind" as Hit["kind"])).toBe("symbol-misc");
  });
});

describe("an answer that is none", () => {
  it("says what was tried and where", () => {
    expect(triedOf("brew coffee lang:go", 1200, l10n.t)).toBe(
      "Tried meaning, words and names in 1,200 files. Only lang:go.",
    );
    expect(triedOf("brew coffee", 1, l10n.t)).toBe("Tried meaning, words and names in one file.");
  });

  it("heads the nearest hits as no more than that", () => {
    expect(headingOf(answer("none", [hit]), l10n.t)).toContain("nearest");
    expect(headingOf(answer("none", []), l10n.t)).toBeUndefined();
    expect(headingOf(answer("weak", [hit]), l10n.t)).toContain("Perhaps");
    expect(headingOf(answer("relevant", [hit]), l10n.t)).toBeUndefined();
  });
});

describe("recent searches", () => {
  it("are each there once, newest first, and not without end", () => {
    expect(withRecent(["a", "b"], " b ")).toEqual(["b", "a"]);
    expect(withRecent(["a"], "  ")).toEqual(["a"]);
    const many = Array.from({ length: 40 }, (_, n) => `q${n}`).reduce<string[]>(withRecent, []);
    expect(many).toHaveLength(15);
    expect(many[0]).toBe("q39");
  });

  it("are read from whatever was stored", () => {
    expect(readRecent(undefined)).toEqual([]);
    expect(readRecent(["a", 3, null, "b"])).toEqual(["a", "b"]);
    expect(readRecent({ a: 1 })).toEqual([]);
  });
});
