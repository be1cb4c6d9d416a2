/** How much one client may ask for. */
export const rateLimits = {
  search: { callsPerSecond: 5, burst: 20 },
  checkout: { callsPerSecond: 1, burst: 3 },
};

/** Bytes of the largest file that may be uploaded. */
export const largestUpload = 10 * 1024 * 1024;

/** Say whether a client has asked too often within the last second. */
export function isOverLimit(calls: number, route: keyof typeof rateLimits): boolean {
  return calls > rateLimits[route].burst;
}
