import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: { include: ["test/**/*.test.ts"] },
  resolve: {
    // There is no module of this name outside the editor; the stand-in has only what pure modules touch.
    alias: { vscode: fileURLToPath(new URL("test/vscode.ts", import.meta.url)) },
  },
});
