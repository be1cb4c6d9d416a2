// The settings that the server itself reads. Pure.

const NAMES = [
  "cpuShare",
  "pauseOnBattery",
  "contextualEmbeddings",
  "similarHints",
  "generatedSummaries",
  "workspaceSymbols",
  "scanInterval",
] as const;

export function pickSettings(
  read: (name: string) => unknown,
  /** Of the section `files`. */
  readFiles?: (name: string) => unknown,
): Record<string, unknown> {
  const picked: Record<string, unknown> = {};
  for (const name of NAMES) {
    const value = read(name);
    if (value !== undefined && value !== null) picked[name] = value;
  }
  const associations = { ...asObject(readFiles?.("associations")), ...asObject(read("associations")) };
  if (Object.keys(associations).length > 0) picked.associations = associations;
  // The name before 0.2: who switched it off wants it off.
  return read("readInContext") === false ? { ...picked, contextualEmbeddings: false } : picked;
}

function asObject(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}
