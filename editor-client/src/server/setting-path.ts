// A path as a person writes it in a setting, made absolute. Pure.

import { isAbsolute, join, resolve } from "node:path";

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
