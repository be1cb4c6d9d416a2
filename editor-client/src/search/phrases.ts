// Reasons and answerability in the editor's language. The server says them in English, with a key; both tables are those
// of server/hunch/search/phrases.py, and tests/test_phrases.py compares them. Pure; `t` translates.

import type { Answer, Statement } from "../protocol.js";
import type { Translate } from "./describe.js";

/** One reason with the words that it rests on; as the server said it when its key is new here. */
export function statementText(statement: Statement, t: Translate): string {
  const phrases: Readonly<Record<string, string>> = {
    meaning: t("meaning"),
    context: t("meaning"),
    words: t("words"),
    name: t("name"),
    signature: t("signature"),
    path: t("path"),
    symbol: t("exact name"),
    "symbol, nearly": t("nearly the name"),
    "symbol, used": t("the name as typed"),
    "exact case": t("as typed"),
    prefix: t("beginning of the name"),
    neighbour: t("related code in the file"),
    "file words": t("words elsewhere in the file"),
    language: t("in the language"),
    kind: t("of the kind"),
  };
  const phrase = phrases[statement.key];
  if (phrase === undefined) {
    return statement.text;
  }
  return statement.terms.length === 0 ? phrase : `${phrase} (${statement.terms.join(", ")})`;
}

/** How sure an answer is of its hits; empty for a good one. */
export function answerLabel(answer: Answer, t: Translate): string {
  const phrases: Readonly<Record<string, string>> = {
    relevant: "",
    weak: t("Not sure; these come nearest"),
    none: t("Nothing here seems to do that. These come nearest"),
  };
  return phrases[answer.answerability] ?? answer.label ?? "";
}
