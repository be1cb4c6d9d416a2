// The log: lines of the server at their level, and the trace of the setting hunch.trace.server.

import * as vscode from "vscode";

export type Level = "debug" | "info" | "warn" | "error";

const LEVELS: Readonly<Record<string, Level>> = {
  DEBUG: "debug",
  INFO: "info",
  WARNING: "warn",
  ERROR: "error",
  CRITICAL: "error",
};

/**
 * The level of a line that the server writes to stderr: "DATE TIME LEVEL logger: message". What is not in this format comes from further down, such as a
 * traceback, and is kept as it is.
 */
export function readLogLine(line: string): { readonly level: Level; readonly text: string } {
  const [, level = "", text = ""] = /^\d{4}-\d\d-\d\d [\d:,.]+ ([A-Z]+) (.*)$/.exec(line) ?? [];
  const known = LEVELS[level];
  return known ? { level: known, text } : { level: "info", text: line };
}

/**
 * A channel for the language client. The client traces only into a channel whose level is "trace"; this one has that
 * level exactly while the setting wants a trace, and writes so that the log shows it at any level.
 */
export function traceChannel(log: vscode.LogOutputChannel): vscode.LogOutputChannel & vscode.Disposable {
  const levels = new vscode.EventEmitter<vscode.LogLevel>();
  const listening = vscode.workspace.onDidChangeConfiguration((event) => {
    if (event.affectsConfiguration("hunch.trace.server")) levels.fire(wantedLevel());
  });
  return {
    name: log.name,
    get logLevel() {
      return wantedLevel();
    },
    onDidChangeLogLevel: levels.event,
    trace: (message: string) => log.info(message),
    debug: (message: string) => log.info(message),
    info: (message: string) => log.info(message),
    warn: (message: string) => log.warn(message),
    error: (message: string | Error) => log.error(message),
    append: (text: string) => log.append(text),
    appendLine: (text: string) => log.appendLine(text),
    replace: (text: string) => log.replace(text),
    clear: () => log.clear(),
    show: () => log.show(),
    hide: () => log.hide(),
    dispose: () => {
      listening.dispose();
      levels.dispose();
    },
  };
}

function wantedLevel(): vscode.LogLevel {
  const wanted = vscode.workspace.getConfiguration("hunch").get("trace.server", "off");
  return wanted === "off" ? vscode.LogLevel.Info : vscode.LogLevel.Trace;
}
