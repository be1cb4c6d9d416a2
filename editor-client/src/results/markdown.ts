// Answers, files and hits as Markdown, whatever their names and code hold. Pure; `t` translates.

import type { Hit } from "../protocol.js";
import { nameOf, reasonsOf, type Translate } from "../search/describe.js";
import { type Entry, titleOf } from "./entries.js";
import { type FileGroup, groupByFile } from "./grouping.js";

/** More code than this hides the rest of a tooltip. */
const MOST_LINES = 8;

/** A path as people read it; with the workspace folder's name in front when there are several. */
export type PathOf = (hit: { readonly folder: string; readonly path: string }) => string;

/** A question with its files and hits. */
export function entryMarkdown(entry: Entry, pathOf: PathOf, t: Translate): string {
  const files = groupByFile(entry.hits).map((group) => fileList(group, pathOf, t));
  const parts = [`## ${codeSpan(titleOf(entry.question))}`];
  if (entry.answerability === "none" || entry.hits.length === 0) {
    parts.push(escapeText(t("Nothing here seems to do that.")));
  }
  return `${[...parts, ...(files.length > 0 ? [files.join("\n")] : [])].join("\n\n")}\n`;
}

/** A file with its hits. */
export function fileMarkdown(group: FileGroup, pathOf: PathOf, t: Translate): string {
  return `${fileList(group, pathOf, t)}\n`;
}

/** A hit with its code. */
export function hitMarkdown(hit: Hit, pathOf: PathOf, t: Translate): string {
  const parts = [hitLine(hit, pathOf, t)];
  if (hit.snippet.trim() !== "") {
    parts.push(fenced(hit.snippet, hit.language));
  }
  return `${parts.join("\n\n")}\n`;
}

/** What the pointer over a hit shows: signature, what it is for, code, reasons. */
export function hitTooltip(hit: Hit, place: string, t: Translate): string {
  const code = hit.snippet.split("\n").slice(0, MOST_LINES).join("\n");
  const [signature = ""] = hit.signature.split("\n");
  // The server puts a signature on one line, however it is written; up to the parameters the two are the same.
  const isInCode = code.includes(signature.split("(")[0]?.trim() ?? "");
  const reasons = reasonsOf(hit, t);
  const copies = (hit.nearDuplicates ?? []).map((place) => `${place.path}:${place.range.start.line + 1}`).join(", ");
  const parts = [
    signature.trim() === "" || isInCode ? "" : fenced(signature, hit.language),
    escapeText(firstSentence(hit.documentation)),
    code.trim() === "" ? "" : fenced(code, hit.language),
    reasons === "" ? "" : escapeText(t("Found by {0}", reasons)),
    copies === "" ? "" : escapeText(t("The same in {0}", copies)),
    escapeText(place),
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}

function fileList(group: FileGroup, pathOf: PathOf, t: Translate): string {
  const path = pathOf(group);
  const hits = group.hits.map((hit) => `  - ${hitLine(hit, pathOf, t)}`);
  return [`- ${link(path, path)}`, ...hits].join("\n");
}

function hitLine(hit: Hit, pathOf: PathOf, t: Translate): string {
  const line = hit.selectionRange.start.line + 1;
  const target = link(nameOf(hit), pathOf(hit), line);
  const reasons = reasonsOf(hit, t);
  const place = t("{0}, line {1}", hit.kind, line);
  return escapeTextAfter(target, reasons === "" ? place : `${place} \u2013 ${reasons}`);
}

function escapeTextAfter(markdown: string, text: string): string {
  return `${markdown} ${escapeText(text)}`;
}

/** A link whose text is shown as code, so that no character of a name means anything. */
function link(text: string, path: string, line?: number): string {
  return `[${codeSpan(text)}](${linkTarget(path)}${line === undefined ? "" : `#L${line}`})`;
}

function linkTarget(path: string): string {
  // encodeURIComponent leaves parentheses, which would end the link, and quotes, which may begin a title.
  const encode = (part: string) =>
    encodeURIComponent(part).replace(/[()'!*~]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
  return path.split("/").map(encode).join("/");
}

/** Text as inline code: the fence is longer than any run of backticks in it. */
export function codeSpan(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  const fence = "`".repeat(longestRun(line) + 1);
  const pad = line.startsWith("`") || line.endsWith("`") || line === "" ? " " : "";
  return `${fence}${pad}${line}${pad}${fence}`;
}

/** Code as a block: the fence is longer than any run of backticks in it. */
export function fenced(code: string, language: string): string {
  const fence = "`".repeat(Math.max(3, longestRun(code) + 1));
  return `${fence}${language.replace(/[^\w+#.-]/g, "")}\n${code.replace(/\s+$/, "")}\n${fence}`;
}

/** Text in which no character means anything; on one line. */
export function escapeText(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  const inline = line.replace(/[\\`*_[\]<>~|&$]/g, "\\$&");
  return inline.replace(/^(\d*)([#+=.)-])/, "$1\\$2"); // headings, rules and lists are so only at the start
}

export function firstSentence(text: string): string {
  const [paragraph = ""] = text.trim().split(/\n\s*\n/);
  const line = paragraph.replace(/\s+/g, " ").trim();
  const [first] = new Intl.Segmenter("en", { granularity: "sentence" }).segment(line);
  return (first?.segment ?? line).trim();
}

function longestRun(text: string): number {
  return (text.match(/`+/g) ?? []).reduce((most, run) => Math.max(most, run.length), 0);
}
