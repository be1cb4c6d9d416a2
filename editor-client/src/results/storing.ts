// Entries as they are kept across reloads: small, and checked when they are read back. Pure.

import type { Hit, NearDuplicate, Position, Range, SimilarParams, Statement } from "../protocol.js";
import { type Entry, idOf, MOST_ENTRIES, type Question } from "./entries.js";

/** Raised when older forms cannot be read any more; they are then forgotten. */
const VERSION = 1;

// The editor holds this in memory and writes it out whole, so only the hits that people look at keep their code.
const HITS_WITH_CODE = 20;
const MOST_LINES = 4;
const MOST_CHARACTERS = 160;

export interface Stored {
  readonly version: number;
  readonly entries: readonly Omit<Entry, "id" | "isStored">[];
}

export function packEntries(entries: readonly Entry[]): Stored {
  return {
    version: VERSION,
    entries: entries.map(({ question, foundAt, answerability, complete, hits }) => ({
      question,
      foundAt,
      answerability,
      complete,
      hits: hits.map((hit, at) => shorten(hit, at < HITS_WITH_CODE)),
    })),
  };
}

/** What was stored may be of another version, or damaged: entries that are not whole are left out. */
export function unpackEntries(stored: unknown): Entry[] {
  if (!isObject(stored) || stored.version !== VERSION || !Array.isArray(stored.entries)) {
    return [];
  }
  return stored.entries
    .map(withNewNames)
    .filter(isEntry)
    .slice(0, MOST_ENTRIES)
    .map(({ question, foundAt, answerability, complete, hits }) => ({
      id: idOf(question),
      question,
      foundAt,
      isStored: true,
      answerability,
      complete,
      hits,
    }));
}

/** `answerability` was called `verdict` before 0.2. */
function withNewNames(entry: unknown): unknown {
  return isObject(entry) && "verdict" in entry ? { answerability: entry.verdict, ...entry } : entry;
}

function shorten(hit: Hit, withCode: boolean): Hit {
  const cut = (text: string) => (text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}\u2026` : text);
  const lines = withCode ? hit.snippet.split("\n") : [];
  return {
    ...hit,
    highlights: [], // the code changes
    signature: cut(hit.signature),
    documentation: withCode ? cut(hit.documentation) : "",
    snippet: lines.slice(0, MOST_LINES).map(cut).join("\n"),
  };
}

function isEntry(value: unknown): value is Omit<Entry, "id" | "isStored"> {
  return (
    isObject(value) &&
    isQuestion(value.question) &&
    typeof value.foundAt === "number" &&
    (value.answerability === "relevant" || value.answerability === "weak" || value.answerability === "none") &&
    typeof value.complete === "boolean" &&
    isArrayOf(value.hits, isHit)
  );
}

function isQuestion(value: unknown): value is Question {
  if (!isObject(value)) {
    return false;
  }
  return value.kind === "search"
    ? typeof value.query === "string"
    : value.kind === "similar" && typeof value.title === "string" && isSimilarParams(value.params);
}

function isSimilarParams(value: unknown): value is SimilarParams {
  return (
    isObject(value) &&
    isObject(value.textDocument) &&
    typeof value.textDocument.uri === "string" &&
    (value.position === undefined || isPosition(value.position)) &&
    (value.range === undefined || isRange(value.range))
  );
}

const TEXTS = ["uri", "folder", "path", "qualifiedName", "kind", "language", "signature", "documentation", "snippet"];

function isHit(value: unknown): value is Hit {
  return (
    isObject(value) &&
    TEXTS.every((name) => typeof value[name] === "string") &&
    (value.name === null || typeof value.name === "string") &&
    typeof value.score === "number" &&
    isRange(value.range) &&
    isRange(value.selectionRange) &&
    (value.highlights === undefined || isArrayOf(value.highlights, () => false)) &&
    (value.reasons === undefined || isArrayOf(value.reasons, isStatement)) &&
    (value.nearDuplicates === undefined || isArrayOf(value.nearDuplicates, isNearDuplicate))
  );
}

function isNearDuplicate(value: unknown): value is NearDuplicate {
  return isObject(value) && typeof value.uri === "string" && typeof value.path === "string" && isRange(value.range);
}

function isStatement(value: unknown): value is Statement {
  return (
    isObject(value) &&
    typeof value.key === "string" &&
    typeof value.text === "string" &&
    isArrayOf(value.terms, (term) => typeof term === "string")
  );
}

function isRange(value: unknown): value is Range {
  return isObject(value) && isPosition(value.start) && isPosition(value.end);
}

function isPosition(value: unknown): value is Position {
  return isObject(value) && Number.isInteger(value.line) && Number.isInteger(value.character);
}

function isArrayOf(value: unknown, isOne: (one: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isOne);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
