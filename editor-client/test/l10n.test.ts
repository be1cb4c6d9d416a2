// Every string that a person sees has its translation, and no translation is left over.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";

const at = (path: string): string => join(__dirname, "..", path);
const read = (path: string): string => readFileSync(at(path), "utf8");
const readTexts = (path: string): Record<string, string> => JSON.parse(read(path));

const LANGUAGES = ["de"];
const LITERAL = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\$]|\\.)*`/y;

/** What the sources hand to t(...) and l10n.t(...), and calls whose first argument cannot be read here. */
function findMessages(source: string): { messages: string[]; unreadable: string[] } {
  const messages: string[] = [];
  const unreadable: string[] = [];
  for (const call of source.matchAll(/(?<![\w$])t\(\s*/g)) {
    LITERAL.lastIndex = call.index + call[0].length;
    const [literal] = LITERAL.exec(source) ?? [];
    const rest = source.slice(LITERAL.lastIndex, LITERAL.lastIndex + 40);
    if (literal !== undefined && /^\s*[,)]/.test(rest)) {
      messages.push(runInNewContext(literal));
    } else if (!source.startsWith("message, ...", call.index + call[0].length)) {
      unreadable.push(source.slice(call.index, call.index + 60)); // "message, ..." hands a read one on
    }
  }
  return { messages, unreadable };
}

const sources = readdirSync(at("src"), { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts"))
  .map((path) => ({ path, ...findMessages(read(`src/${path}`)) }));
const messages = [...new Set(sources.flatMap((source) => source.messages))].sort();

/** What a translation has to keep: the places of values, links and icons. */
const placesIn = (text: string): string[] =>
  (text.match(/\{\d+\}|\(command:[^)]*\)|\$\([\w~-]+\)|`[^`]*`|#hunch\.\w+#/g) ?? []).sort();
const placesOf = (texts: Record<string, string>) =>
  Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, placesIn(text)]));

describe("finding messages", () => {
  it.each([
    ['vscode.l10n.t("a {0}", b)', ["a {0}"]],
    ['t(\n  "\\u201ca\\u201d",\n  b,\n)', ["\u201ca\u201d"]],
    ["t('say \"a\"') + t(`b`)", ['say "a"', "b"]],
    ['format("a") + part.split("b") + at("c")', []],
  ])("reads %j", (source, expected) => {
    expect(findMessages(source)).toEqual({ messages: expected, unreadable: [] });
  });

  it.each(['t("a" + b)', "t(text)", "l10n.t(`a $\u007bb}`)", 'l10n.t({ message: "a" })'])(
    "cannot read %j",
    (source) => {
      expect(findMessages(source).unreadable).toHaveLength(1);
    },
  );
});

describe("the sources", () => {
  it("have messages", () => {
    expect(messages.length).toBeGreaterThan(50);
  });

  it("hand whole texts to t(...), which can be looked up", () => {
    const odd = sources.flatMap(({ path, unreadable }) => unreadable.map((call) => `${path}: ${call}`));
    expect(odd).toEqual([]);
  });
});

// The editor needs no bundle for the language that the sources are written in, but where there is one, it is right.
const english = "l10n/bundle.l10n.json";
const bundles = [
  ...(existsSync(at(english)) ? [english] : []),
  ...LANGUAGES.map((language) => `l10n/bundle.l10n.${language}.json`),
];

describe.each(bundles)("%s", (path) => {
  const bundle = readTexts(path);

  it("has each message of the sources, and no other", () => {
    expect({
      missing: messages.filter((message) => !(message in bundle)),
      left: Object.keys(bundle).filter((message) => !messages.includes(message)),
    }).toEqual({ missing: [], left: [] });
  });

  it("keeps values and icons", () => {
    const originals = Object.fromEntries(Object.keys(bundle).map((message) => [message, message]));
    expect(placesOf(bundle)).toEqual(placesOf(originals));
  });
});

describe.each(["", ...LANGUAGES.map((language) => `.${language}`)])("package.nls%s.json", (language) => {
  const manifest = read("package.json");
  const texts = readTexts(`package.nls${language}.json`);

  it("has each text of package.json, and no other", () => {
    const keys = [...manifest.matchAll(/"%([^%"]+)%"/g)].map(([, key]) => key);
    expect(Object.keys(texts).sort()).toEqual([...new Set(keys)].sort());
  });

  it("keeps links and names", () => {
    expect(placesOf(texts)).toEqual(placesOf(readTexts("package.nls.json")));
  });

  it("links to commands that there are", () => {
    const contributed = JSON.parse(manifest).contributes;
    const known = contributed.commands.map((command: { command: string }) => command.command);
    const views = contributed.views.hunch.map((view: { id: string }) => `${view.id}.focus`);
    const linked = [
      ...Object.values(texts)
        .join("\n")
        .matchAll(/\(command:([^)]*)\)/g),
    ].map(([, id]) => id);
    expect(linked.length).toBeGreaterThan(0);
    expect(linked.filter((id) => ![...known, ...views].includes(id))).toEqual([]);
  });
});
