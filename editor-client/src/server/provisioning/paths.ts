// Paths of programs: as a setting writes them, on PATH, inside a folder.

import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { isAbsolute, join, relative, resolve } from "node:path";

export interface Surroundings {
  readonly home: string;
  /** The first workspace folder; undefined without one. */
  readonly folder: string | undefined;
  /** Workspace folders by name, for `${workspaceFolder:name}`. */
  readonly folders: ReadonlyMap<string, string>;
  readonly env: NodeJS.ProcessEnv;
}

/** A plain name, such as `hunch`, stays one: it is looked for on PATH. */
export function expandPath(written: string, around: Surroundings): string {
  const text = written
    .trim()
    .replace(/\$\{(workspaceFolder|userHome|env)(?::([^}]*))?\}/g, (whole, name: string, argument?: string) => {
      if (name === "userHome") return around.home;
      if (name === "env") return argument ? (around.env[argument] ?? "") : whole;
      return (argument === undefined ? around.folder : around.folders.get(argument)) ?? whole;
    })
    .replace(/^~(?=$|[\\/])/, around.home);
  if (isAbsolute(text) || !/[\\/]/.test(text)) return text;
  return around.folder === undefined ? resolve(around.home, text) : join(around.folder, text);
}

/** Whether a path is a file that can be run. */
export async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/**
 * All programs of a name.
 * @param shunned folders in which none counts
 */
export async function onPath(name: string, env: NodeJS.ProcessEnv, shunned: readonly string[] = []): Promise<string[]> {
  const windows = process.platform === "win32";
  const value = Object.entries(env).find(([key]) => (windows ? key.toUpperCase() : key) === "PATH")?.[1] ?? "";
  const folders = value.split(windows ? ";" : ":").map((folder) => folder.replace(/^"(.*)"$/, "$1"));
  const file = windows && !/\.(?:exe|com)$/i.test(name) ? `${name}.exe` : name;
  const found: string[] = [];
  for (const folder of new Set(folders)) {
    // A relative folder would mean another place in each window.
    if (!isAbsolute(folder) || shunned.some((one) => isInside(folder, one))) continue;
    const path = join(folder, file);
    if (await isExecutable(path)) found.push(path);
  }
  return found;
}

export function isInside(path: string, folder: string): boolean {
  const inner = relative(folder, path);
  return inner === "" || (!/^\.\.(?:[\\/]|$)/.test(inner) && !isAbsolute(inner));
}
