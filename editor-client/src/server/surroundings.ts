// What the editor says about where to look: settings, folders, trust.

import { homedir } from "node:os";
import * as vscode from "vscode";
import type { Places } from "./candidates.js";
import type { Environment } from "./environment.js";
import { interpreterIn } from "./environment.js";
import { isExecutable, onPath } from "./path-search.js";
import { selectedInterpreters } from "./python-extension.js";
import { expandPath, type Surroundings } from "./setting-path.js";

/** Paths of the open folders that are on this machine. */
export function workspacePaths(): string[] {
  return (vscode.workspace.workspaceFolders ?? [])
    .filter((folder) => folder.uri.scheme === "file")
    .map((folder) => folder.uri.fsPath);
}

/** The setting as it is written; empty when it is not set. */
export function settingOf(name: "command" | "interpreter"): string {
  return vscode.workspace.getConfiguration("hunch").get<string>(name, "").trim();
}

/** The interpreter that the setting names; for the folder of an environment, the one in it. */
export async function settingInterpreter(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const written = settingOf("interpreter");
  if (!written) return undefined;
  const path = expandPath(written, surroundings());
  if (!/[\\/]/.test(path)) return (await onPath(path, env))[0] ?? path;
  const inside = interpreterIn(path);
  return (await isExecutable(inside)) ? inside : path;
}

export async function setInterpreter(path: string): Promise<void> {
  await vscode.workspace.getConfiguration("hunch").update("interpreter", path, vscode.ConfigurationTarget.Global);
}

export async function readPlaces(
  env: NodeJS.ProcessEnv,
  own: readonly Environment[],
  log: vscode.LogOutputChannel,
): Promise<Places> {
  const trusted = vscode.workspace.isTrusted;
  const ownPaths = own.map((environment) => environment.interpreter);
  if (!trusted) {
    return { trusted, command: undefined, interpreter: undefined, selected: [], onPath: [], own: ownPaths };
  }
  const command = settingOf("command");
  const interpreter = await settingInterpreter(env);
  const isChosen = command !== "" || interpreter !== undefined;
  return {
    trusted,
    command: command ? { written: command, paths: await commandPaths(command, env) } : undefined,
    interpreter: interpreter ? { written: settingOf("interpreter"), path: interpreter } : undefined,
    // Neither is asked for when a setting decides.
    selected: isChosen ? [] : await selectedInterpreters(log),
    onPath: isChosen ? [] : await onPath("hunch", env),
    own: ownPaths,
  };
}

async function commandPaths(written: string, env: NodeJS.ProcessEnv): Promise<string[]> {
  const path = expandPath(written, surroundings());
  return /[\\/]/.test(path) ? [path] : onPath(path, env);
}

function surroundings(): Surroundings {
  const folders = (vscode.workspace.workspaceFolders ?? []).filter((folder) => folder.uri.scheme === "file");
  return {
    home: homedir(),
    folder: folders[0]?.uri.fsPath,
    folders: new Map(folders.map((folder) => [folder.name, folder.uri.fsPath])),
    env: process.env,
  };
}
