// How a server is started so that nothing of the open workspace is imported or run. Pure.

import { delimiter, isAbsolute } from "node:path";
import { isInside } from "./paths.js";
import type { PythonVersion } from "./versions.js";

/** A program and what comes before `lsp` or `--version`. */
export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
}

export function launchCommand(command: string): Launch {
  return { command, args: [] };
}

/** An interpreter that a person uses: packages installed with `--user` count, the current folder and PYTHONPATH do not. */
export function launchInterpreter(interpreter: string, version: PythonVersion): Launch {
  // Without -P, that is before 3.11, the current folder is searched, and that is the extension's own.
  const safe = version[0] > 3 || version[1] >= 11 ? ["-P"] : [];
  return { command: interpreter, args: ["-E", ...safe, "-X", "utf8", "-m", "hunch"] };
}

/** The interpreter of the extension's own environment: nothing outside of it counts. */
export function launchOwn(interpreter: string): Launch {
  return { command: interpreter, args: ["-I", "-X", "utf8", "-m", "hunch"] };
}

/** What programs are run with: the person's own variables, without those that would let a workspace's modules in. */
export function safeEnvironment(env: NodeJS.ProcessEnv, folders: readonly string[]): NodeJS.ProcessEnv {
  const safe: NodeJS.ProcessEnv = { ...env, PYTHONUTF8: "1" };
  for (const name of ["PYTHONHOME", "PYTHONSTARTUP", "PYTHONINSPECT", "ELECTRON_RUN_AS_NODE"]) delete safe[name];
  const paths = (safe.PYTHONPATH ?? "")
    .split(delimiter)
    .filter((path) => isAbsolute(path) && !folders.some((folder) => isInside(path, folder)));
  if (paths.length) safe.PYTHONPATH = paths.join(delimiter);
  else delete safe.PYTHONPATH;
  return safe;
}
