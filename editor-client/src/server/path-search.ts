// Programs on PATH, in its order.

import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { isInside } from "./launch.js";

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
