// The last queries, newest first, each once. Pure.

/** Where they are kept in the workspace's memory. */
export const RECENT_KEY = "hunch.recent";

const MOST_RECENT = 15;

export function withRecent(recent: readonly string[], query: string): string[] {
  const words = query.trim();
  return words === "" ? [...recent] : [words, ...recent.filter((one) => one !== words)].slice(0, MOST_RECENT);
}

/** What was stored may be of another version, or of another hand. */
export function readRecent(stored: unknown): string[] {
  return Array.isArray(stored) ? stored.filter((one) => typeof one === "string").slice(0, MOST_RECENT) : [];
}
