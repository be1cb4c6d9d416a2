// The extension's own environments: made from the wheel that it carries, found again, and removed when outdated.

import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { launchOwn } from "./launch.js";
import { holdLock, isAlive, isHeld } from "./lock.js";
import { type PipStep, readFailure, readStep } from "./pip-output.js";
import { type ProbeOptions, type Python, probeInterpreter } from "./probe.js";
import { type Finished, lastLine, run } from "./run.js";
import type { Wheel } from "./wheel.js";

/** What the file that says "this one is whole" tells; written last. */
interface Marker {
  readonly version: string;
  readonly hash: string;
  /** Of the Python that it was made from: "3.12". */
  readonly python: string;
}

export interface Environment {
  readonly folder: string;
  readonly interpreter: string;
  readonly version: string;
  readonly hash: string;
  readonly python: string;
}

export type SetUpProblem =
  | { readonly kind: "no-venv"; readonly python: string; readonly debianPackage: string | undefined }
  | { readonly kind: "no-network" }
  | { readonly kind: "no-package"; readonly name: string; readonly python: string }
  | { readonly kind: "changed"; readonly name: string }
  | { readonly kind: "disk-full"; readonly folder: string }
  | { readonly kind: "unusable"; readonly said: string }
  | { readonly kind: "cancelled" }
  | { readonly kind: "other"; readonly said: string };

export class SetUpFailure extends Error {
  constructor(readonly problem: SetUpProblem) {
    super("said" in problem ? `${problem.kind}: ${problem.said}` : problem.kind);
  }
}

/** What is being done. */
export type SetUpStep =
  | { readonly kind: "wait" }
  | { readonly kind: "environment"; readonly python: Python }
  | { readonly kind: "packages"; readonly step: PipStep; readonly found: number }
  | { readonly kind: "check" };

export interface MakeOptions {
  /** Where all environments are. */
  readonly root: string;
  readonly wheel: Wheel;
  readonly python: Python;
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
  readonly onStep?: (step: SetUpStep) => void;
  /** Takes every line that a program says. */
  readonly onLine?: (line: string) => void;
}

const MARKER = "hunch-environment.json";
const VENV_LIMIT_MS = 5 * 60_000;
const PIP_LIMIT_MS = 60 * 60_000;
const CHECK_LIMIT_MS = 3 * 60_000;
/** What a user's variables may say of where packages go, or which, would lead out of the environment, or from the lock. */
const PIP_PLACES = ["PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_USER", "PIP_PYTHON", "PIP_REQUIRE_VIRTUALENV"];
const PIP_CHOICES = ["PIP_CONSTRAINT", "PIP_REQUIREMENT", "PIP_PRE"];
const PIP_OPTIONS = ["--disable-pip-version-check", "--no-input", "--no-color"];

export function folderName(wheel: Wheel, python: Python): string {
  return `${wheel.version}-${wheel.hash}-py${minorOf(python)}`;
}

/** Environments of one minor version are alike, whichever Python they were made from. */
export function minorOf(python: Python): string {
  return `${python.version[0]}.${python.version[1]}`;
}

export function interpreterIn(folder: string): string {
  return process.platform === "win32" ? join(folder, "Scripts", "python.exe") : join(folder, "bin", "python");
}

/** All whole environments, newest first. */
export async function listEnvironments(root: string): Promise<Environment[]> {
  const found: (Environment & { readonly made: number })[] = [];
  for (const name of await readdir(root).catch(() => [])) {
    const folder = join(root, name);
    const marker = await readMarker(folder);
    if (marker) found.push({ folder, interpreter: interpreterIn(folder), ...marker });
  }
  return found.sort((one, other) => other.made - one.made);
}

async function readMarker(folder: string): Promise<(Marker & { readonly made: number }) | undefined> {
  try {
    const path = join(folder, MARKER);
    const { version, hash, python } = JSON.parse(await readFile(path, "utf8")) as Marker;
    if (typeof version !== "string" || typeof hash !== "string" || typeof python !== "string") return undefined;
    return { version, hash, python, made: (await stat(path)).mtimeMs };
  } catch {
    return undefined;
  }
}

/**
 * Makes the environment of a wheel and a Python, or gives the one that is there when it is whole and works.
 * @throws SetUpFailure
 */
export async function makeEnvironment(options: MakeOptions): Promise<Environment> {
  const { root, wheel, python, signal } = options;
  const folder = join(root, folderName(wheel, python));
  let release: (() => Promise<void>) | undefined;
  try {
    await mkdir(root, { recursive: true });
    release = await holdLock(`${folder}.lock`, { signal, onWait: () => options.onStep?.({ kind: "wait" }) });
    // While this window waited, another one may have made it.
    if (await works(folder, options)) return environmentIn(folder, wheel, python);
    try {
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
      await make(folder, options);
      const marker: Marker = { version: wheel.version, hash: wheel.hash, python: minorOf(python) };
      await writeFile(join(folder, MARKER), JSON.stringify(marker));
    } catch (error) {
      await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }).catch(() => {});
      throw error;
    }
    return environmentIn(folder, wheel, python);
  } catch (error) {
    throw asFailure(error, options);
  } finally {
    await release?.().catch(() => {});
  }
}

function asFailure(error: unknown, options: MakeOptions): SetUpFailure {
  if (options.signal?.aborted) return new SetUpFailure({ kind: "cancelled" });
  if (error instanceof SetUpFailure) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOSPC" || code === "EDQUOT") return new SetUpFailure({ kind: "disk-full", folder: options.root });
  return new SetUpFailure({ kind: "other", said: message ?? String(error) });
}

function environmentIn(folder: string, wheel: Wheel, python: Python): Environment {
  const { version, hash } = wheel;
  return { folder, interpreter: interpreterIn(folder), version, hash, python: minorOf(python) };
}

async function works(folder: string, options: MakeOptions): Promise<boolean> {
  if ((await readMarker(folder))?.hash !== options.wheel.hash) return false;
  const probe: ProbeOptions = { cwd: options.root, env: options.env, wanted: options.wheel.version };
  return "ok" in (await probeInterpreter(interpreterIn(folder), { ...probe, signal: options.signal }, launchOwn));
}

async function make(folder: string, options: MakeOptions): Promise<void> {
  const { wheel, python } = options;
  options.onStep?.({ kind: "environment", python });
  const made = await step(python.executable, ["-I", "-m", "venv", folder], VENV_LIMIT_MS, options);
  if (made.code !== 0) throw new SetUpFailure(venvProblem(made, python, options.root));

  const interpreter = interpreterIn(folder);
  const log = join(folder, "pip.log");
  let found = 0;
  const onPipLine = (line: string) => {
    const at = readStep(line);
    if (at?.kind === "find") found += 1;
    if (at) options.onStep?.({ kind: "packages", step: at, found });
  };
  const server = join(folder, "server.txt");
  await writeFile(server, `codehunch @ ${pathToFileURL(wheel.path).href} --hash=sha256:${wheel.sha256}\n`);
  // Nothing but the files that the lock knows is installed, and no package's own code runs while it is.
  const locked = ["--require-hashes", "--only-binary", ":all:", "--no-deps", "-r", wheel.lock, "-r", server];
  const packages = ["install", "--progress-bar", "off", "--no-user", "--log", log, ...locked];
  const args = ["-I", "-u", "-m", "pip", ...PIP_OPTIONS, ...packages];
  const installed = await step(interpreter, args, PIP_LIMIT_MS, options, onPipLine);
  if (installed.code !== 0) {
    const text = `${await readFile(log, "utf8").catch(() => "")}\n${installed.stdout}\n${installed.stderr}`;
    throw new SetUpFailure(pipProblem(text, installed, options));
  }

  options.onStep?.({ kind: "check" });
  // What the server imports later, compiled libraries included: better here than at the first search.
  const imports = ["-I", "-c", "import hunch.live, hunch.lsp.handlers, hunch.lsp.searching"];
  const checked = await step(interpreter, imports, CHECK_LIMIT_MS, options);
  if (checked.code !== 0) {
    throw new SetUpFailure({ kind: "unusable", said: lastLine(checked.stderr, checked.stdout) });
  }
  await rm(log, { force: true });
}

async function step(
  command: string,
  args: readonly string[],
  limitMs: number,
  options: MakeOptions,
  onLine?: (line: string) => void,
): Promise<Finished> {
  const env = { ...options.env };
  for (const name of [...PIP_PLACES, ...PIP_CHOICES]) delete env[name];
  const finished = await run(command, args, {
    cwd: options.root,
    env,
    limitMs,
    signal: options.signal,
    onLine: (line) => {
      options.onLine?.(line);
      onLine?.(line);
    },
  });
  for (const line of finished.stderr.split(/\r?\n/)) if (line.trim()) options.onLine?.(line);
  options.signal?.throwIfAborted();
  if (finished.failure) throw finished.failure;
  if (finished.timedOut) throw new SetUpFailure({ kind: "other", said: `${command}: ${limitMs / 60_000} min` });
  return finished;
}

function venvProblem(finished: Finished, python: Python, root: string): SetUpProblem {
  const text = `${finished.stdout}\n${finished.stderr}`;
  const failure = readFailure(text);
  if (failure.kind === "disk-full") return { kind: "disk-full", folder: root };
  if (/ensurepip|No module named '?venv/.test(text)) {
    const debianPackage = /apt(?:-get)? install (\S+)/.exec(text)?.[1];
    return { kind: "no-venv", python: python.executable, debianPackage };
  }
  return { kind: "other", said: lastLine(finished.stderr, finished.stdout) };
}

function pipProblem(text: string, finished: Finished, options: MakeOptions): SetUpProblem {
  const failure = readFailure(text);
  if (failure.kind === "disk-full") return { kind: "disk-full", folder: options.root };
  if (failure.kind === "no-package") return { ...failure, python: options.python.version.join(".") };
  if (failure.kind === "no-network" || failure.kind === "changed") return failure;
  return { kind: "other", said: failure.said || lastLine(finished.stderr, finished.stdout) };
}

// ---- who uses which ----

const USERS = "users";
/** A process on another machine that shares the folder cannot be asked; it is believed for so long. */
const FAR_USER_MS = 14 * 24 * 3_600_000;

/** Notes that this process uses an environment; returns what takes the note back. */
export async function useEnvironment(folder: string): Promise<() => Promise<void>> {
  const note = join(folder, USERS, `${hostname()}.${process.pid}`);
  await mkdir(join(folder, USERS), { recursive: true });
  await writeFile(note, "");
  return () => rm(note, { force: true });
}

async function isUsed(folder: string): Promise<boolean> {
  for (const name of await readdir(join(folder, USERS)).catch(() => [])) {
    const [, host, id] = /^(.*)\.(\d+)$/.exec(name) ?? [];
    if (host === hostname() ? isAlive(Number(id)) : await isRecent(join(folder, USERS, name))) return true;
  }
  return false;
}

async function isRecent(path: string): Promise<boolean> {
  const facts = await stat(path).catch(() => undefined);
  return facts !== undefined && Date.now() - facts.mtimeMs < FAR_USER_MS;
}

/** Removes every environment but one, halves of abandoned ones included, unless somebody uses or makes it. */
export async function removeOthers(root: string, kept: string): Promise<string[]> {
  const removed: string[] = [];
  const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const folder = join(root, entry.name);
    if (!entry.isDirectory() || folder === kept) continue;
    if ((await isHeld(`${folder}.lock`)) || (await isUsed(folder))) continue;
    try {
      // The marker goes first: what is left of a removal that fails must not count as whole.
      await rm(join(folder, MARKER), { force: true });
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
      await rm(`${folder}.lock`, { force: true });
      removed.push(folder);
    } catch {
      // Tried again after the next set-up.
    }
  }
  return removed;
}
