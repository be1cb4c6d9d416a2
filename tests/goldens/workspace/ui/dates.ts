const UNITS: [string, number][] = [["day", 86400], ["hour", 3600], ["minute", 60]];

/** Says how long ago something was, for example "3 hours ago". */
export function timeAgo(date: Date, now: Date): string {
  const seconds = (now.getTime() - date.getTime()) / 1000;
  for (const [unit, size] of UNITS) {
    if (seconds >= size) return `${Math.floor(seconds / size)} ${unit}s ago`;
  }
  return "just now";
}

export function isWeekend(date: Date): boolean {
  return date.getDay() === 0 || date.getDay() === 6;
}

/** Counts the days between two dates. */
export function daysBetween(from: Date, to: Date): number {
  return Math.round((to.getTime() - from.getTime()) / 86_400_000);
}

/** Waits until the calls stop for a while before it really calls. */
export function debounce<T extends unknown[]>(call: (...args: T) => void, wait: number) {
  let timer: ReturnType<typeof setTimeout>;
  return (...args: T) => {
    clearTimeout(timer);
    timer = setTimeout(() => call(...args), wait);
  };
}
