// Past queries, newest first, each once. Pure.

export interface PastQuery {
  readonly query: string;
  /** When it was asked last: milliseconds since 1970. */
  readonly askedAt: number;
}

export const MOST_PAST = 100;

export function withQuery(history: readonly PastQuery[], query: string, now: number): PastQuery[] {
  const text = query.trim();
  return text === ""
    ? [...history]
    : [{ query: text, askedAt: now }, ...withoutQuery(history, text)].slice(0, MOST_PAST);
}

export function withoutQuery(history: readonly PastQuery[], query: string): PastQuery[] {
  return history.filter((one) => one.query !== query);
}

/** What was stored may be of another version, or damaged. */
export function readHistory(stored: unknown): PastQuery[] {
  return Array.isArray(stored) ? stored.filter(isPastQuery).slice(0, MOST_PAST) : [];
}

function isPastQuery(value: unknown): value is PastQuery {
  const past = value as PastQuery | null;
  return typeof past?.query === "string" && typeof past.askedAt === "number";
}
