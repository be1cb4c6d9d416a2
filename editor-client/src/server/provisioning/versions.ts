// Which versions go together: the server's with the extension's, a Python's with the server. Pure.

export type PythonVersion = readonly [major: number, minor: number, micro: number];

export const OLDEST_PYTHON: PythonVersion = [3, 10, 0];
/** There are packages for it; a newer one is taken only where there is no other. */
const NEWEST_KNOWN_PYTHON: PythonVersion = [3, 14, 999];

export function isOldEnough(version: PythonVersion): boolean {
  return compare(version, NEWEST_KNOWN_PYTHON) <= 0;
}

export function isNewEnough(version: PythonVersion): boolean {
  return compare(version, OLDEST_PYTHON) >= 0;
}

/** A server fits when its major and minor version are those of the wheel that the extension carries. */
export function fits(version: string, wanted: string): boolean {
  return seriesOf(version) === seriesOf(wanted);
}

/** The part of a version that has to match: "0.1.4" is of series "0.1". */
export function seriesOf(version: string): string {
  return version.split(".").slice(0, 2).join(".");
}

export function isOlder(version: string, wanted: string): boolean {
  return compare(version.split(".").map(Number), wanted.split(".").map(Number)) < 0;
}

function compare(one: readonly number[], other: readonly number[]): number {
  for (let at = 0; at < Math.max(one.length, other.length); at++) {
    const difference = (one[at] || 0) - (other[at] || 0);
    if (difference) return difference;
  }
  return 0;
}
