// The questions whose answers are kept: a list of entries, newest first, each question once. Pure.

import type { Answer, Answerability, Hit, SimilarParams } from "../protocol.js";

export type Question =
  | { readonly kind: "search"; readonly query: string }
  | { readonly kind: "similar"; readonly title: string; readonly params: SimilarParams };

export interface Entry {
  /** The same for the same question, whatever its answer. */
  readonly id: string;
  readonly question: Question;
  /** Milliseconds since 1970. */
  readonly foundAt: number;
  /** Came from an earlier session; the code may be another one by now. */
  readonly isStored: boolean;
  readonly answerability: Answerability;
  readonly complete: boolean;
  readonly hits: readonly Hit[];
}

export const MOST_ENTRIES = 20;

export function createEntry(question: Question, answer: Answer, now: number): Entry {
  return {
    id: idOf(question),
    question,
    foundAt: now,
    isStored: false,
    answerability: answer.answerability,
    complete: answer.complete,
    hits: answer.hits,
  };
}

/** Puts an entry on top; an older answer to the same question goes. */
export function withEntry(entries: readonly Entry[], entry: Entry): Entry[] {
  return [entry, ...withoutEntry(entries, entry.id)].slice(0, MOST_ENTRIES);
}

/** Puts a new answer where the old one stands, so that nothing moves under the person's hands. */
export function withReplaced(entries: readonly Entry[], entry: Entry): Entry[] {
  return entries.map((one) => (one.id === entry.id ? entry : one));
}

export function withoutEntry(entries: readonly Entry[], id: string): Entry[] {
  return entries.filter((one) => one.id !== id);
}

/** What the person asked, as they read it. */
export function titleOf(question: Question): string {
  return question.kind === "search" ? question.query : question.title;
}

export function idOf(question: Question): string {
  if (question.kind === "search") {
    return `search ${question.query}`;
  }
  const { textDocument, position, range } = question.params;
  return `similar ${JSON.stringify([textDocument.uri, position ?? null, range ?? null])}`;
}
