// The text for a bug report: what runs where, and how it was found. No source text, no names of folders. Pure.

import { homedir, release } from "node:os";
import * as vscode from "vscode";
import type { ServerStatus } from "../protocol.js";
import type { ServerState } from "./connection.js";
import { type Found, type Note, noteText, type Source } from "./provisioning/candidates.js";
import { workspacePaths } from "./provisioning/places.js";
import type { Wheel } from "./provisioning/wheel.js";

export interface DebugFacts {
  readonly extension: string;
  readonly wheel: string | undefined;
  readonly editor: string;
  readonly system: string;
  readonly remote: string | undefined;
  readonly ui: string;
  readonly trusted: boolean;
  readonly state: ServerState;
  readonly status: ServerStatus | undefined;
  readonly notes: readonly Note[];
  readonly interpreter: { readonly path: string; readonly version: string } | undefined;
  readonly running: string | undefined;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly home: string;
  /** Paths of the workspace's folders. */
  readonly folders: readonly string[];
}

export function formatDebugInfo(facts: DebugFacts): string {
  const { state, status } = facts;
  const lines = [
    `Hunch ${facts.extension}, carries server ${facts.wheel ?? "none"}`,
    `Editor: ${facts.editor}, ${facts.ui}${facts.remote ? `, remote: ${kindOf(facts.remote)}` : ""}`,
    `System: ${facts.system}`,
    `Trusted: ${facts.trusted ? "yes" : "no"}`,
    `State: ${state.kind}${"message" in state ? `: ${state.message}` : ""}`,
    `Server: ${status ? `${status.version}, model ${status.model ?? "not loaded yet"}` : "not running"}`,
    `Started as: ${facts.running ?? "-"}`,
    `Python: ${facts.interpreter ? `${facts.interpreter.version}, ${facts.interpreter.path}` : "-"}`,
    "Looked at:",
    ...facts.notes.map((note) => `  ${noteText(note)}`),
    ...emptyPlaces(facts).map((source) => `  ${source}: nothing there`),
    "Settings:",
    ...Object.entries(facts.settings).map(([name, value]) => `  hunch.${name}: ${JSON.stringify(value)}`),
    `Folders: ${status?.folders.length ?? 0}`,
    ...(status?.folders ?? []).map(
      (folder, at) =>
        `  ${at + 1}: ${folder.phase}${folder.pausedBy ? ` by ${folder.pausedBy}` : ""}, ` +
        `${folder.files} files, ${folder.chunks} pieces, ${folder.done} of ${folder.total} done, ` +
        `${folder.complete ? "complete" : "not complete"}, ${folder.writer ? "writer" : "reader"}, ` +
        `${folder.notices.length} notices`,
    ),
  ];
  return `${lines.map((line) => withoutNames(line, facts)).join("\n")}\n`;
}

/** A remote may be called by its address, which is nobody's business. */
function kindOf(remote: string): string {
  return /^[a-z+-]+$/.test(remote) ? remote : "other";
}

/** Where a server was looked for and nothing was: unless something named by a setting, or an earlier place, decided. */
function emptyPlaces({ notes, trusted }: DebugFacts): Source[] {
  const last = notes.at(-1);
  if (notes.some(({ candidate }) => candidate.written !== undefined)) return [];
  const places: Source[] = trusted ? ["selected", "path", "own"] : ["own"];
  const looked = last?.version === undefined ? places : places.slice(0, places.indexOf(last.candidate.source));
  return looked.filter((source) => !notes.some(({ candidate }) => candidate.source === source));
}

/** A path says who somebody is and what they work on. */
function withoutNames(line: string, facts: DebugFacts): string {
  let text = line;
  for (const folder of [...facts.folders].sort((one, other) => other.length - one.length)) {
    text = replaceFolder(text, folder, "<workspace>");
  }
  return replaceFolder(text, facts.home, "~");
}

function replaceFolder(text: string, folder: string, name: string): string {
  if (folder.length < 2) return text;
  // As JSON writes it too, with doubled backslashes.
  return text.replaceAll(folder.replaceAll("\\", "\\\\"), name).replaceAll(folder, name);
}

const SETTINGS = [
  "command",
  "interpreter",
  "cpuShare",
  "pauseOnBattery",
  "contextualEmbeddings",
  "readInContext",
  "similarHints",
  "generatedSummaries",
  "workspaceSymbols",
  "associations",
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
