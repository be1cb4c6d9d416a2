// Where the editor says to look: settings, folders, trust, and the environments that are selected in it.

import { homedir } from "node:os";
import * as vscode from "vscode";
import type { Places } from "./candidates.js";
import { type Environment, interpreterIn } from "./environment.js";
import { expandPath, isExecutable, onPath, type Surroundings } from "./paths.js";

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

/** What is used of the extension's public interface. */
interface PythonApi {
  readonly environments?: {
    getActiveEnvironmentPath(resource?: vscode.Uri): { readonly path: string };
    resolveEnvironment(path: unknown): Promise<{ readonly executable: { readonly uri?: vscode.Uri } } | undefined>;
    readonly onDidChangeActiveEnvironmentPath?: vscode.Event<unknown>;
  };
}

const PATIENCE_MS = 10_000;

/** The interpreters of the selected environments, one for each workspace folder; none without the extension. */
export async function selectedInterpreters(log: vscode.LogOutputChannel): Promise<string[]> {
  const environments = (await pythonApi(log))?.environments;
  if (!environments) return [];
  const found = new Set<string>();
  for (const folder of vscode.workspace.workspaceFolders ?? [undefined]) {
    try {
      const active = environments.getActiveEnvironmentPath(folder?.uri);
      const environment = await within(environments.resolveEnvironment(active));
      const path = environment?.executable.uri?.fsPath;
      if (path) found.add(path);
    } catch (error) {
      log.warn(`the Python extension does not say which environment is selected: ${error}`);
    }
  }
  return [...found];
}

/** Calls back when another environment is selected, once the Python extension is there. */
export async function watchSelected(log: vscode.LogOutputChannel, changed: () => void): Promise<vscode.Disposable> {
  const event = (await pythonApi(log))?.environments?.onDidChangeActiveEnvironmentPath;
  return event ? event(() => changed()) : new vscode.Disposable(() => {});
}

async function pythonApi(log: vscode.LogOutputChannel): Promise<PythonApi | undefined> {
  const extension = vscode.extensions.getExtension<PythonApi>("ms-python.python");
  if (!extension) return undefined;
  try {
    return extension.isActive ? extension.exports : await within(extension.activate());
  } catch (error) {
    log.warn(`the Python extension does not start: ${error}`);
    return undefined;
  }
}

async function within<T>(waiting: Thenable<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), PATIENCE_MS);
  });
  try {
    return await Promise.race([waiting, late]);
  } finally {
    clearTimeout(timer);
  }
}
