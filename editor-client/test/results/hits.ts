// Hits and answers as the server gives them, for tests of what is made of them.

import type { Answer, Hit, Range } from "../../src/protocol.js";

export function lineRange(line: number): Range {
  return { start: { line, character: 0 }, end: { line: line + 1, character: 0 } };
}

/** A method "Client.retry" of src/net/retry.py, unless told otherwise. */
export function hitOf(changes: Partial<Hit> = {}): Hit {
  const path = changes.path ?? "src/net/retry.py";
  return {
    uri: `file:///w/${path}`,
    folder: "file:///w",
    path,
    range: lineRange(9),
    selectionRange: lineRange(11),
    name: "retry",
    qualifiedName: "Client.retry",
    kind: "method",
    language: "python",
    score: 0.5,
    reasons: [
      { key: "meaning", terms: [], text: "meaning" },
      { key: "words", terms: ["retry"], text: "words (retry)" },
    ],
    signature: "def retry(self)",
    documentation: "Sends it again. Waits longer each time.",
    snippet: "@log\n\ndef retry(self):\n    again()\n",
    ...changes,
  };
}

export function answerOf(hits: readonly Hit[], changes: Partial<Answer> = {}): Answer {
  return {
    query: "x",
    elapsedMs: 3,
    answerability: "relevant",
    verdict: "relevant",
    complete: true,
    notices: [],
    hits,
    ...changes,
  };
}
