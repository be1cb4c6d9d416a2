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

export function pickSettings(read: (name: string) => unknown): Record<string, unknown> {
  const picked: Record<string, unknown> = {};
  for (const name of NAMES) {
    const value = read(name);
    if (value !== undefined && value !== null) picked[name] = value;
  }
  // The name before 0.2: who switched it off wants it off.
  return read("readInContext") === false ? { ...picked, contextualEmbeddings: false } : picked;
}
