// The level of a line that the server writes to stderr: "DATE TIME LEVEL logger: message". Pure.

export type Level = "debug" | "info" | "warn" | "error";

const LEVELS: Readonly<Record<string, Level>> = {
  DEBUG: "debug",
  INFO: "info",
  WARNING: "warn",
  ERROR: "error",
  CRITICAL: "error",
};

/** What is not in the server's format comes from further down, such as a traceback, and is kept as it is. */
export function readLogLine(line: string): { readonly level: Level; readonly text: string } {
  const [, level = "", text = ""] = /^\d{4}-\d\d-\d\d [\d:,.]+ ([A-Z]+) (.*)$/.exec(line) ?? [];
  const known = LEVELS[level];
  return known ? { level: known, text } : { level: "info", text: line };
}
