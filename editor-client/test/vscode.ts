// What stands for the editor's module in tests of modules that only need its types and plain values.

export const l10n = {
  t: (message: string, ...args: unknown[]) =>
    message.replace(/\{(\d+)\}/g, (_, at: string) => String(args[Number(at)])),
};
