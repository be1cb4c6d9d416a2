// Whether a server that has ended by itself is started again, and when. Pure.

export const MOST_RESTARTS = 4;
const WITHIN_MS = 3 * 60_000;
const DELAYS_MS = [200, 1_000, 2_000, 4_000];

/** Takes the times of the last ends, oldest first, and adds one. */
export function afterEnd(
  ends: readonly number[],
  now: number,
): { readonly ends: readonly number[]; readonly restartInMs: number | undefined } {
  const recent = [...ends.filter((at) => now - at < WITHIN_MS), now];
  return { ends: recent, restartInMs: recent.length > MOST_RESTARTS ? undefined : DELAYS_MS[recent.length - 1] };
}
