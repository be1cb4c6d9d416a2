// Collects what goes into the text for a bug report.

import { homedir, release } from "node:os";
import * as vscode from "vscode";
import type { ServerState } from "./connection.js";
import type { DebugFacts } from "./debug-info.js";
import type { Found, Note } from "./find.js";
import { workspacePaths } from "./surroundings.js";
import type { Wheel } from "./wheel.js";

const SETTINGS = [
  "command",
  "interpreter",
  "cpuShare",
  "pauseOnBattery",
  "readInContext",
  "similarHints",
  "generatedSummaries",
  "workspaceSymbols",
  "maxResults",
  "trace.server",
];

export function debugFacts(
  extension: string,
  wheel: Wheel | undefined,
  state: ServerState,
  running: Found | undefined,
  notes: readonly Note[],
): DebugFacts {
  const configuration = vscode.workspace.getConfiguration("hunch");
  const launch = running?.launch;
  const python = running?.python;
  return {
    extension,
    wheel: wheel && `${wheel.version} (${wheel.hash})`,
    editor: `${vscode.env.appName} ${vscode.version}`,
    system: `${process.platform} ${release()} ${process.arch}, Node ${process.versions.node}`,
    remote: vscode.env.remoteName,
    ui: `${vscode.env.uiKind === vscode.UIKind.Web ? "web" : "desktop"}, host ${vscode.env.appHost}`,
    trusted: vscode.workspace.isTrusted,
    state,
    status: state.kind === "running" ? state.status : undefined,
    notes,
    interpreter: python && { path: python.path, version: python.version.join(".") },
    running: launch && [launch.command, ...launch.args, "lsp"].join(" "),
    settings: Object.fromEntries(SETTINGS.map((name) => [name, configuration.get(name)])),
    home: homedir(),
    folders: workspacePaths(),
  };
}
