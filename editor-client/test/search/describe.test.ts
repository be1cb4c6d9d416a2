import { describe, expect, it } from "vitest";
import type { Answer, Hit } from "../../src/protocol.js";
import {
  headingOf,
  iconOf,
  nameOf,
  nearDuplicatesOf,
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
  reasons: [
    { key: "context", terms: ["again \u2248 retry"], text: "meaning (again \u2248 retry)" },
    { key: "words", terms: ["retry", "backoff"], text: "words (retry, backoff)" },
    { key: "symbol", terms: [], text: "exact name" },
  ],
  signature: "def retry(self)",
  documentation: "",
  snippet: "",
};
const answer = (answerability: Answer["answerability"], hits: Hit[]): Answer => ({
  query: "x",
  elapsedMs: 1,
  answerability,
  verdict: answerability,
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

  it("says why it is there in the words of the server", () => {
    expect(reasonsOf(hit, l10n.t)).toBe("meaning (again \u2248 retry); words (retry, backoff); exact name");
    expect(reasonsOf(hit, l10n.t)).toBe(hit.reasons?.map(({ text }) => text).join("; "));
    const { reasons, ...older } = hit;
    expect(reasonsOf(older, l10n.t)).toBe("");
  });

  it("says reasons in the editor's language, and one that is new here in English", () => {
    const german = (message: string) => ({ words: "W\u00f6rter", meaning: "Bedeutung" })[message] ?? message;
    const reasons = [...(hit.reasons ?? []), { key: "author", terms: ["ada"], text: "author (ada)" }];
    expect(reasonsOf({ ...hit, reasons }, german)).toBe(
      "Bedeutung (again \u2248 retry); W\u00f6rter (retry, backoff); exact name; author (ada)",
    );
  });

  it("says how many copies there are", () => {
    const copy = { uri: "file:///w/vendor/retry.py", path: "vendor/retry.py", range: at(9) };
    expect(nearDuplicatesOf(hit, l10n.t)).toBe("");
    expect(nearDuplicatesOf({ ...hit, nearDuplicates: [copy] }, l10n.t)).toBe("and 1 copy");
    expect(nearDuplicatesOf({ ...hit, nearDuplicates: [copy, copy] }, l10n.t)).toBe("and 2 copies");
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
    expect(headingOf(answer("none", [hit]), l10n.t)).toBe("Nothing here seems to do that. These come nearest");
    expect(headingOf(answer("none", []), l10n.t)).toBeUndefined();
    expect(headingOf(answer("weak", [hit]), l10n.t)).toBe("Not sure; these come nearest");
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
