// Hits and answers in the words of a list: names, places and reasons. Pure; `t` translates.

import type { Answer, Hit, Kind } from "../protocol.js";
import { answerLabel, statementText } from "./phrases.js";
import { filterText, splitQuery } from "./query.js";

export type Translate = (message: string, ...args: Array<string | number>) => string;

const ICONS: Record<Kind, string> = {
  function: "symbol-function",
  method: "symbol-method",
  class: "symbol-class",
  interface: "symbol-interface",
  struct: "symbol-structure",
  enum: "symbol-enum",
  trait: "symbol-interface",
  module: "symbol-module",
  type: "symbol-class",
  macro: "symbol-function",
  query: "symbol-object",
  block: "symbol-namespace",
  file: "symbol-file",
  constant: "symbol-constant",
  field: "symbol-field",
  section: "symbol-string",
  entry: "symbol-key",
};

/** The name of a product icon. */
export function iconOf(kind: Kind): string {
  return ICONS[kind] ?? "symbol-misc";
}

export function nameOf(hit: Hit): string {
  return hit.qualifiedName || hit.name || (hit.path.split("/").at(-1) ?? hit.path);
}

/** Where a hit is; with its workspace folder's name in front when there are several. */
export function placeOf(hit: Hit, folderName?: string): string {
  const path = folderName === undefined ? hit.path : `${folderName}/${hit.path}`;
  return `${path}:${hit.selectionRange.start.line + 1}`;
}

/** Why a hit is there: what carried it most, with the words that matched. */
export function reasonsOf(hit: Hit, t: Translate): string {
  return (hit.reasons ?? []).map((reason) => statementText(reason, t)).join("; ");
}

/** That the same definition stands elsewhere too; empty when it does not. */
export function nearDuplicatesOf(hit: Hit, t: Translate): string {
  const count = hit.nearDuplicates?.length ?? 0;
  return count === 0 ? "" : count === 1 ? t("and 1 copy") : t("and {0} copies", count);
}

/** A whole sentence for a screen reader. */
export function spokenOf(hit: Hit, reasons: string, t: Translate): string {
  const line = hit.selectionRange.start.line + 1;
  if (reasons === "") {
    return t("{0} {1} in {2}, line {3}", hit.kind, nameOf(hit), hit.path, line);
  }
  return t("{0} {1} in {2}, line {3}, found by {4}", hit.kind, nameOf(hit), hit.path, line, reasons);
}

/** What was tried, when nothing fits; short, since a row is cut off where it ends. */
export function triedOf(query: string, files: number, t: Translate): string {
  const { filters } = splitQuery(query);
  const tried =
    files === 1
      ? t("Tried meaning, words and names in one file.")
      : t("Tried meaning, words and names in {0} files.", files.toLocaleString("en-US"));
  return filters.length === 0 ? tried : `${tried} ${t("Only {0}.", filters.map(filterText).join(" "))}`;
}

/** How an answer is headed: nothing for a good one. */
export function headingOf(answer: Answer, t: Translate): string | undefined {
  return answer.hits.length > 0 ? answerLabel(answer, t) || undefined : undefined;
}
