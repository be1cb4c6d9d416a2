// Asks a program what it is by running it: which version of hunch, which Python.

import { access, constants, stat } from "node:fs/promises";
import { isAbsolute } from "node:path";
import { type Launch, launchInterpreter } from "./launch.js";
import { type Finished, lastLine, run } from "./run.js";
import { fits, isNewEnough, type PythonVersion } from "./versions.js";

/** Why a program cannot be used. */
export type Problem =
  | { readonly kind: "not-on-path" }
  | { readonly kind: "missing-file" }
  | { readonly kind: "folder" }
  | { readonly kind: "not-executable" }
  | { readonly kind: "too-slow"; readonly seconds: number }
  | { readonly kind: "not-python"; readonly said: string }
  | { readonly kind: "old-python"; readonly version: string }
  | { readonly kind: "no-hunch"; readonly python: Python }
  | { readonly kind: "not-hunch"; readonly said: string }
  | { readonly kind: "other-version"; readonly version: string }
  | { readonly kind: "broken"; readonly said: string };

/** A Python interpreter. */
export interface Python {
  /** As it was asked for. */
  readonly path: string;
  readonly version: PythonVersion;
  /** What it calls itself, with launchers and shims resolved. */
  readonly executable: string;
  /** The folder that it is installed in; one and the same for all names of an interpreter. */
  readonly prefix: string;
  /** Whether it has a module of the name. */
  readonly hasHunch: boolean;
  readonly canMakeEnvironments: boolean;
  /** An ordinary build: 64 bits, with the interpreter lock, for which packages are built. */
  readonly isUsual: boolean;
}

export interface ProbeOptions {
  /** A folder with nothing in it that could be imported. */
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** The version of the wheel that the extension carries. */
  readonly wanted: string;
  readonly limitMs?: number;
  readonly signal?: AbortSignal | undefined;
}

export type Answer<T> = { readonly ok: T } | { readonly problem: Problem };

const LIMIT_MS = 20_000;

// For any Python since 2.6; what it prints is ASCII.
const QUESTIONS = `
import json, sys
sys.path[:] = [path for path in sys.path if path]
answers = {"version": list(sys.version_info[:3]), "executable": sys.executable or "", "prefix": sys.prefix}
if sys.version_info >= (3, 10):
    from importlib.util import find_spec
    import sysconfig
    answers["hunch"] = find_spec("hunch") is not None
    answers["venv"] = find_spec("venv") is not None and find_spec("ensurepip") is not None
    answers["usual"] = sys.maxsize > 2**32 and not sysconfig.get_config_var("Py_GIL_DISABLED")
print("hunch-probe " + json.dumps(answers))
`;

/** Asks an interpreter about itself. One that is too old answers too. */
export async function probePython(path: string, options: ProbeOptions): Promise<Answer<Python>> {
  const problem = await fileProblem(path);
  if (problem) return { problem };
  const limitMs = options.limitMs ?? LIMIT_MS;
  const finished = await run(path, ["-E", "-c", QUESTIONS], { ...options, limitMs });
  const failed = startProblem(finished, limitMs);
  if (failed) return { problem: failed };
  const line = /^hunch-probe (\{.*\})\s*$/m.exec(finished.stdout)?.[1];
  const answers = line === undefined ? undefined : parse(line);
  if (!answers) return { problem: { kind: "not-python", said: lastLine(finished.stderr, finished.stdout) } };
  const [major = 0, minor = 0, micro = 0] = answers.version;
  return {
    ok: {
      path,
      version: [major, minor, micro],
      executable: answers.executable || path,
      prefix: answers.prefix,
      hasHunch: answers.hunch === true,
      canMakeEnvironments: answers.venv === true,
      isUsual: answers.usual === true,
    },
  };
}

interface Answers {
  readonly version: readonly number[];
  readonly executable: string;
  readonly prefix: string;
  readonly hunch?: boolean;
  readonly venv?: boolean;
  readonly usual?: boolean;
}

function parse(line: string): Answers | undefined {
  try {
    return JSON.parse(line) as Answers;
  } catch {
    return undefined;
  }
}

/** An interpreter whose hunch fits. */
export async function probeInterpreter(
  path: string,
  options: ProbeOptions,
  launch = launchInterpreter,
): Promise<Answer<{ readonly launch: Launch; readonly version: string; readonly python: Python }>> {
  const asked = await probePython(path, options);
  if ("problem" in asked) return asked;
  const python = asked.ok;
  if (!isNewEnough(python.version)) return { problem: { kind: "old-python", version: python.version.join(".") } };
  if (!python.hasHunch) return { problem: { kind: "no-hunch", python } };
  const launched = launch(path, python.version);
  const answer = await probeServer(launched, options);
  return "problem" in answer ? answer : { ok: { launch: launched, version: answer.ok, python } };
}

/** The version of the server that a launch would start. */
export async function probeServer(launch: Launch, options: ProbeOptions): Promise<Answer<string>> {
  const problem = await fileProblem(launch.command);
  if (problem) return { problem };
  const limitMs = options.limitMs ?? LIMIT_MS;
  const finished = await run(launch.command, [...launch.args, "--version"], { ...options, limitMs });
  const failed = startProblem(finished, limitMs);
  if (failed) return { problem: failed };
  const version = /^hunch (\d+\.\d+\.\d+\S*)\s*$/m.exec(finished.stdout)?.[1];
  if (finished.code !== 0) {
    return { problem: { kind: "broken", said: lastLine(finished.stderr, finished.stdout) } };
  }
  if (version === undefined) {
    return { problem: { kind: "not-hunch", said: lastLine(finished.stdout, finished.stderr) } };
  }
  return fits(version, options.wanted) ? { ok: version } : { problem: { kind: "other-version", version } };
}

async function fileProblem(path: string): Promise<Problem | undefined> {
  // A plain name that was not found; here it would mean another file in each folder.
  if (!isAbsolute(path)) return { kind: "not-on-path" };
  try {
    const facts = await stat(path);
    if (facts.isDirectory()) return { kind: "folder" };
  } catch {
    return { kind: "missing-file" };
  }
  if (process.platform === "win32") return /\.(?:exe|com)$/i.test(path) ? undefined : { kind: "not-executable" };
  try {
    await access(path, constants.X_OK);
    return undefined;
  } catch {
    return { kind: "not-executable" };
  }
}

function startProblem(finished: Finished, limitMs: number): Problem | undefined {
  if (finished.timedOut) return { kind: "too-slow", seconds: Math.round(limitMs / 1000) };
  const code = finished.failure?.code;
  if (!finished.failure) return undefined;
  // A script whose first line names an interpreter that is gone reads as a missing file, and is not one.
  if (code === "ENOENT") return { kind: "broken", said: finished.failure.message };
  return code === "EACCES" || code === "EPERM" || /-8\b|ENOEXEC/.test(finished.failure.message)
    ? { kind: "not-executable" }
    : { kind: "broken", said: finished.failure.message };
}
