import { describe, expect, it } from "vitest";
import type { FolderStatus } from "../../src/protocol.js";
import type { ServerState } from "../../src/server/connection.js";
import { describeState, indexedFiles, isPaused, isWholeIndex, phaseOf } from "../../src/status/describe.js";
import { l10n } from "../vscode.js";

const folder = (given: Partial<FolderStatus>): FolderStatus => ({
  uri: "file:///home/me/my%20app",
  phase: "ready",
  message: "The index is up to date",
  done: 0,
  total: 0,
  files: 10,
  chunks: 100,
  contextual: 0,
  inContext: 0,
  complete: true,
  writer: true,
  pausedBy: "",
  notices: [],
  ...given,
});
const running = (...folders: FolderStatus[]): ServerState => ({
  kind: "running",
  status: { version: "0.1.0", model: "m", folders },
});
const textOf = (state: ServerState) => describeState(state, l10n.t).text;

describe("the status bar", () => {
  it("counts what is indexed, over all folders", () => {
    const state = running(
      folder({ phase: "indexing", done: 1200, total: 5000, complete: false }),
      folder({ phase: "indexing", done: 300, total: 1000, complete: false }),
    );
    expect(textOf(state)).toBe("Hunch: indexing 1,500 of 6,000");
  });

  it("says what goes on before there is anything to count", () => {
    expect(textOf({ kind: "starting" })).toBe("Hunch: starting");
    expect(textOf({ kind: "running", status: undefined })).toBe("Hunch: starting");
    expect(textOf(running(folder({ phase: "indexing", done: 7 })))).toBe("Hunch: looking through the folder");
  });

  it("shows the worst of several folders", () => {
    expect(phaseOf([folder({}), folder({ phase: "paused" }), folder({ phase: "problem" })])).toBe("problem");
    expect(phaseOf([folder({}), folder({ phase: "paused" })])).toBe("paused");
    expect(phaseOf([folder({ phase: "following" }), folder({})])).toBe("ready");
  });

  it("names the folders in its tooltip when there are several", () => {
    const { tooltip } = describeState(running(folder({}), folder({ message: "Paused" })), l10n.t);
    expect(tooltip).toBe("my app: The index is up to date\nmy app: Paused\n20 files, 200 pieces of code");
  });

  it("stands out only when something has to be done", () => {
    const severity = (state: ServerState) => describeState(state, l10n.t).severity;
    expect(severity({ kind: "failed", message: "x" })).toBe("error");
    expect(severity({ kind: "missing", message: "x" })).toBe("warning");
    expect(severity(running(folder({ phase: "problem" })))).toBe("warning");
    expect(severity(running(folder({ phase: "paused" })))).toBe("none");
  });
});

describe("the index", () => {
  it("is whole when every folder is", () => {
    expect(isWholeIndex(running(folder({}), folder({ complete: false })))).toBe(false);
    expect(isWholeIndex(running(folder({})))).toBe(true);
    expect(isWholeIndex(running())).toBe(false);
    expect(isWholeIndex({ kind: "starting" })).toBe(false);
  });

  it("is paused by the person, or by the battery, which is not the same", () => {
    expect(isPaused(running(folder({ phase: "paused", pausedBy: "user" })))).toBe(true);
    expect(isPaused(running(folder({ phase: "paused", pausedBy: "battery" })))).toBe(false);
  });

  it("counts files over all folders", () => {
    expect(indexedFiles(running(folder({}), folder({ files: 5 })))).toBe(15);
    expect(indexedFiles({ kind: "starting" })).toBe(0);
  });
});
