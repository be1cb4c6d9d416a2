import { expect, test } from "vitest";
import { type DebugFacts, formatDebugInfo } from "../../src/server/debug-info.js";

const facts: DebugFacts = {
  extension: "0.1.0",
  wheel: "0.1.0 (abcdef12)",
  editor: "Editor 1.91.0",
  system: "linux 6.1 x64",
  remote: "ssh-remote",
  ui: "desktop",
  trusted: true,
  state: { kind: "running", status: undefined },
  status: {
    version: "0.1.0",
    model: "search-en",
    folders: [
      {
        uri: "file:///home/anna/secret-project",
        phase: "indexing",
        message: "Reading secret-project",
        done: 3,
        total: 9,
        files: 9,
        chunks: 40,
        contextual: 0,
        inContext: 0,
        complete: false,
        writer: true,
        pausedBy: "",
        notices: ["src/private.py is too long"],
      },
    ],
  },
  notes: [
    {
      candidate: { source: "selected", path: "/home/anna/secret-project/.venv/bin/python" },
      problem: { kind: "broken", said: "no module" },
    },
    { candidate: { source: "path", path: "/home/anna/.local/bin/hunch" }, version: "0.1.0" },
  ],
  interpreter: undefined,
  running: "/home/anna/.local/bin/hunch lsp",
  settings: { command: "", cpuShare: 0.5 },
  home: "/home/anna",
  folders: ["/home/anna/secret-project"],
};

test("it says what was looked at, what runs and how far it is", () => {
  const text = formatDebugInfo(facts);
  expect(text).toContain("selected: <workspace>/.venv/bin/python: broken said=no module");
  expect(text).toContain("path: ~/.local/bin/hunch: hunch 0.1.0");
  expect(text).toContain("Server: 0.1.0, model search-en");
  expect(text).toContain("1: indexing, 9 files, 40 pieces, 3 of 9 done");
  expect(text).toContain("hunch.cpuShare: 0.5");
});

test("it names neither the person nor the project", () => {
  expect(formatDebugInfo(facts)).not.toMatch(/anna|secret|private/);
});
