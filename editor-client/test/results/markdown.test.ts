// What is copied is read back with the Markdown parser that the editor's own previews use.

import { lexer, type Token, type Tokens } from "marked";
import { describe, expect, it } from "vitest";
import type { Hit } from "../../src/protocol.js";
import { createEntry } from "../../src/results/entries.js";
import { groupByFile } from "../../src/results/grouping.js";
import {
  codeSpan,
  entryMarkdown,
  escapeText,
  fenced,
  fileMarkdown,
  firstSentence,
  hitMarkdown,
  hitTooltip,
} from "../../src/results/markdown.js";
import { l10n } from "../vscode.js";
import { answerOf, hitOf } from "./hits.js";

const { t } = l10n;
const pathOf = (place: { path: string }) => place.path;

/** All tokens of a text, whatever they are inside of. */
function tokensOf(markdown: string): Token[] {
  const all: Token[] = [];
  const visit = (tokens: readonly Token[]) => {
    for (const token of tokens) {
      all.push(token);
      visit([...("tokens" in token ? (token.tokens ?? []) : []), ...("items" in token ? (token.items ?? []) : [])]);
    }
  };
  visit(lexer(markdown));
  return all;
}

const ofType = <T extends Token>(markdown: string, type: T["type"]) =>
  tokensOf(markdown).filter((token) => token.type === type) as T[];

/** The links of a text: what is shown as code, and the decoded path and line they lead to. */
function linksOf(markdown: string): Array<[string, string]> {
  return ofType<Tokens.Link>(markdown, "link").map((link) => {
    const [path = "", line] = link.href.split("#");
    const [code] = link.tokens.filter((token) => token.type === "codespan");
    return [
      code && "text" in code ? code.text : "no code",
      decodeURIComponent(path) + (line === undefined ? "" : `#${line}`),
    ];
  });
}

const AWKWARD = [
  "retry",
  "__init__",
  "snake_case_and*stars*",
  "operator|",
  "operator<<",
  "List<Map<K, V>>::get",
  "`quoted`",
  "a``b`c",
  "[index](x)",
  "!important",
  "#private",
  "<script>alert(1)</script>",
  "&amp;",
  "back\\slash",
  "$scope",
  "~tilde~",
  "gr\u00fc\u00dfe \u5bfb\u627e",
];

describe("Markdown", () => {
  it.each(AWKWARD)("survives the name %s", (qualifiedName) => {
    const markdown = hitMarkdown(hitOf({ qualifiedName }), pathOf, t);
    expect(linksOf(markdown)).toEqual([[qualifiedName, "src/net/retry.py#L12"]]);
    expect(ofType(markdown, "html")).toEqual([]);
  });

  it.each([
    "a b/c.py",
    "a(b)/c[1].ts",
    "we<ird>/|pipe|.go",
    "100%/x#y?z.c",
    "it's/`tick`.rb",
    "stars*_*/_x_.js",
    "\u00fc/\u627e.py",
  ])("survives the path %s", (path) => {
    const hit = hitOf({ path });
    const [group] = groupByFile([hit]);
    expect(group && linksOf(fileMarkdown(group, pathOf, t))).toEqual([
      [path, path],
      ["Client.retry", `${path}#L12`],
    ]);
  });

  it.each([
    "plain()",
    "```\nfence in a docstring\n```",
    "````md\n```js\n```\n````",
    "~~~\ntilde\n~~~",
    "<!-- html -->\n\n# not a heading\n- not a list",
    "`one` and ``two``",
  ])("holds the code %j as it is", (snippet) => {
    const blocks = ofType<Tokens.Code>(hitMarkdown(hitOf({ snippet, language: "python" }), pathOf, t), "code");
    expect(blocks.map((block) => [block.lang, block.text])).toEqual([["python", snippet]]);
  });

  it.each([
    ...AWKWARD,
    "1. first",
    "2) second",
    "- item",
    "+ item",
    "> quote",
    "# heading",
    "---",
    "===",
    "| a | b |",
    "two\nlines",
  ])("shows the text %j as text", (text) => {
    const tokens = tokensOf(escapeText(text));
    const types = new Set(tokens.map((token) => token.type));
    expect([...types].filter((type) => !["paragraph", "text", "escape"].includes(type))).toEqual([]);
    const shown = tokens
      .filter((token) => token.type !== "paragraph")
      .map((token) => ("text" in token ? token.text : ""));
    expect(shown.join("")).toBe(text.replace("\n", " "));
  });

  it.each([...AWKWARD, "`", "``", " spaced "])("shows the query %j as code", (query) => {
    const [span] = ofType<Tokens.Codespan>(codeSpan(query), "codespan");
    expect(span?.text).toBe(query.trim());
  });

  it("keeps odd signs out of the language of a block", () => {
    expect(fenced("x", "c++")).toBe("```c++\nx\n```");
    expect(fenced("x", "a`b\nc")).toBe("```abc\nx\n```");
  });
});

describe("a question as Markdown", () => {
  const hits: Hit[] = [
    hitOf(),
    hitOf({ path: "src/net/client.py", qualifiedName: "Client" }),
    hitOf({ qualifiedName: "Client.wait" }),
  ];

  it("is a heading, its files and their hits with lines", () => {
    const entry = createEntry({ kind: "search", query: "send it again" }, answerOf(hits), 0);
    const markdown = entryMarkdown(entry, pathOf, t);
    expect(ofType<Tokens.Heading>(markdown, "heading").map((one) => [one.depth, one.text])).toEqual([
      [2, "`send it again`"],
    ]);
    expect(linksOf(markdown)).toEqual([
      ["src/net/retry.py", "src/net/retry.py"],
      ["Client.retry", "src/net/retry.py#L12"],
      ["Client.wait", "src/net/retry.py#L12"],
      ["src/net/client.py", "src/net/client.py"],
      ["Client", "src/net/client.py#L12"],
    ]);
    expect(ofType(markdown, "code")).toEqual([]);
  });

  it("says it when nothing fits", () => {
    const none = createEntry({ kind: "search", query: "fly" }, answerOf(hits, { answerability: "none" }), 0);
    expect(entryMarkdown(none, pathOf, t)).toContain("Nothing here seems to do that");
    const empty = createEntry({ kind: "search", query: "fly" }, answerOf([]), 0);
    expect(entryMarkdown(empty, pathOf, t)).toBe("## `fly`\n\nNothing here seems to do that.\n");
  });

  it("names the workspace folder when paths do", () => {
    const entry = createEntry({ kind: "search", query: "q" }, answerOf([hitOf()]), 0);
    const markdown = entryMarkdown(entry, (place) => `shop/${place.path}`, t);
    expect(linksOf(markdown)[1]).toEqual(["Client.retry", "shop/src/net/retry.py#L12"]);
  });
});

describe("the tooltip of a hit", () => {
  it("has the first sentence, the code, the reasons and the place", () => {
    const markdown = hitTooltip(hitOf(), "src/net/retry.py:12", t);
    const types = lexer(markdown).map((token) => token.type);
    expect(types.filter((type) => type !== "space")).toEqual(["paragraph", "code", "paragraph", "paragraph"]);
    expect(markdown).toContain("Sends it again.");
    expect(markdown).not.toContain("Waits longer");
  });

  it("has the signature only where the code does not show it", () => {
    const [first] = ofType<Tokens.Code>(hitTooltip(hitOf({ snippet: "# elsewhere" }), "x", t), "code");
    expect(first?.text).toBe("def retry(self)");
    expect(ofType(hitTooltip(hitOf(), "x", t), "code")).toHaveLength(1);
    const spread = hitOf({ signature: "def retry( self, times)", snippet: "def retry(\n    self,\n    times,\n):" });
    expect(ofType(hitTooltip(spread, "x", t), "code")).toHaveLength(1);
  });

  it("says where else the same stands", () => {
    const range = { start: { line: 4, character: 0 }, end: { line: 9, character: 0 } };
    const nearDuplicates = [{ uri: "file:///w/vendor/retry.py", path: "vendor/retry.py", range }];
    expect(hitTooltip(hitOf({ nearDuplicates }), "x", t)).toContain("The same in vendor/retry.py:5");
    expect(hitTooltip(hitOf(), "x", t)).not.toContain("The same");
  });

  it("has no more code than leaves room for the reasons", () => {
    const snippet = Array.from({ length: 12 }, (_, at) => `line ${at}`).join("\n");
    const [code] = ofType<Tokens.Code>(hitTooltip(hitOf({ snippet, signature: "" }), "x", t), "code");
    expect(code?.text.split("\n").at(-1)).toBe("line 7");
  });

  it("is only the place of a hit of which nothing else is known", () => {
    const bare = hitOf({ signature: "", documentation: "", snippet: "", reasons: [] });
    expect(hitTooltip(bare, "a.py", t)).toBe("a.py");
  });
});

it.each([
  ["Sends it again. Waits longer.", "Sends it again."],
  ["Sends it,\nas often as needed.  Then stops.", "Sends it, as often as needed."],
  ["Reads e.g. a file, i.e. all of it. More.", "Reads e.g. a file, i.e. all of it."],
  ["No full stop\n\nArgs: x", "No full stop"],
  ["Parses version 1.2 of it. Ends.", "Parses version 1.2 of it."],
  ["", ""],
])("the first sentence of %j is %j", (text, expected) => {
  expect(firstSentence(text)).toBe(expected);
});
