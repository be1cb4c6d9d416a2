// Finds a server: goes through the places where one may be, takes the first that fits, and remembers what was there.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { ExtensionContext, LogOutputChannel } from "vscode";
import {
  type Candidate,
  candidatesOf,
  type Found,
  type Note,
  noteText,
  type Places,
  type Search,
} from "./candidates.js";
import { type Environment, listEnvironments, minorOf, removeOthers } from "./environment.js";
import { launchCommand, launchOwn, safeEnvironment } from "./launch.js";
import { readPlaces, workspacePaths } from "./places.js";
import { type Answer, type ProbeOptions, type Python, probeInterpreter, probeServer } from "./probe.js";
import { fits } from "./versions.js";
import { findWheel, type Wheel } from "./wheel.js";

/** @param own whole environments of the present wheel; those in `places` */
export async function findServer(places: Places, own: readonly Environment[], options: ProbeOptions): Promise<Search> {
  const notes: Note[] = [];
  for (const candidate of candidatesOf(places)) {
    const answer = await ask(candidate, own, options);
    if ("ok" in answer) {
      notes.push({ candidate, version: answer.ok.version });
      return { found: answer.ok, refused: undefined, notes };
    }
    const { problem } = answer;
    notes.push({ candidate, problem });
    if (candidate.written === undefined) continue;
    const made = problem.kind === "no-hunch" ? await madeFrom(problem.python, own, options) : undefined;
    if (made) notes.push({ candidate: made.candidate, version: made.version });
    return { found: made, refused: made ? undefined : { candidate, problem }, notes };
  }
  return { found: undefined, refused: undefined, notes };
}

/** An interpreter without hunch stands for the environment that was made from it or its like. */
async function madeFrom(
  python: Python,
  own: readonly Environment[],
  options: ProbeOptions,
): Promise<Found | undefined> {
  for (const environment of own.filter((one) => one.python === minorOf(python))) {
    const answer = await ask({ source: "own", path: environment.interpreter }, own, options);
    if ("ok" in answer) return answer.ok;
  }
  return undefined;
}

async function ask(candidate: Candidate, own: readonly Environment[], options: ProbeOptions): Promise<Answer<Found>> {
  if (candidate.source === "command" || candidate.source === "path") {
    const launch = launchCommand(candidate.path);
    const answer = await probeServer(launch, options);
    if ("problem" in answer) return answer;
    return { ok: { candidate, launch, version: answer.ok, python: undefined, environment: undefined } };
  }
  const isOwn = candidate.source === "own";
  const answer = await probeInterpreter(candidate.path, options, isOwn ? launchOwn : undefined);
  if ("problem" in answer) return answer;
  const environment = isOwn ? own.find((one) => one.interpreter === candidate.path)?.folder : undefined;
  return { ok: { candidate, ...answer.ok, environment } };
}

export class Finder {
  readonly #context: ExtensionContext;
  readonly #log: LogOutputChannel;
  readonly #signal: AbortSignal;
  #wheel: Promise<Wheel | undefined> | undefined;
  #wanted: string;
  #last: Search = { found: undefined, refused: undefined, notes: [] };
  /** The environment of a set-up counts, whatever the settings say, until they change. */
  preferred: Environment | undefined;

  constructor(context: ExtensionContext, log: LogOutputChannel, signal: AbortSignal) {
    this.#context = context;
    this.#log = log;
    this.#signal = signal;
    this.#wanted = this.extensionVersion;
  }

  get extensionVersion(): string {
    return String(this.#context.extension.packageJSON.version);
  }

  /** The version of the server that the extension needs: that of its wheel, once it was looked at. */
  get wanted(): string {
    return this.#wanted;
  }

  /** Where programs are run: the extension's own folder, in which nothing of a workspace is. */
  get storage(): string {
    return this.#context.globalStorageUri.fsPath;
  }

  get root(): string {
    return join(this.storage, "environments");
  }

  /** The last time that all places were looked at. */
  get last(): Search {
    return this.#last;
  }

  /** What was looked at, with what runs now, however it was found. */
  notes(running: Found | undefined): readonly Note[] {
    const { notes } = this.#last;
    if (!running || notes.some(({ candidate }) => candidate.path === running.candidate.path)) return notes;
    return [...notes, { candidate: running.candidate, version: running.version }];
  }

  wheel(): Promise<Wheel | undefined> {
    this.#wheel ??= findWheel(join(this.#context.extensionPath, "server"));
    return this.#wheel;
  }

  async options(): Promise<ProbeOptions> {
    await mkdir(this.root, { recursive: true });
    this.#wanted = (await this.wheel())?.version ?? this.extensionVersion;
    return { cwd: this.storage, env: this.environment(), wanted: this.#wanted, signal: this.#signal };
  }

  /** The variables that programs are run with. */
  environment(): NodeJS.ProcessEnv {
    return safeEnvironment(process.env, workspacePaths());
  }

  async find(): Promise<Search> {
    const options = await this.options();
    const preferred = this.preferred && (await this.own(this.preferred));
    if (preferred) return { found: preferred, refused: undefined, notes: [] };
    const wheel = await this.wheel();
    const own = (await listEnvironments(this.root)).filter((one) => one.hash === wheel?.hash);
    this.#last = await findServer(await readPlaces(options.env, own, this.#log), own, options);
    for (const note of this.#last.notes) this.#log.info(`looked at ${noteText(note)}`);
    if (!this.#last.notes.length) this.#log.info("no server was found anywhere");
    return this.#last;
  }

  /** An environment that the extension made, if it still works. */
  async own(environment: Environment): Promise<Found | undefined> {
    const answer = await probeInterpreter(environment.interpreter, await this.options(), launchOwn);
    if (!("ok" in answer)) return undefined;
    const candidate = { source: "own", path: environment.interpreter } as const;
    return { candidate, ...answer.ok, environment: environment.folder };
  }

  /**
   * Whether the person had the extension make an environment, be it outdated or broken by now.
   * @param python only with this minor version of Python
   */
  async wasSetUp(python?: string): Promise<boolean> {
    return (await this.wheel()) !== undefined && (await this.#environments(python)).length > 0;
  }

  /** The newest environment that works and goes with this extension, though it was made from another wheel. */
  async outdated(python?: string): Promise<Found | undefined> {
    for (const environment of await this.#environments(python)) {
      const found = fits(environment.version, this.#wanted) ? await this.own(environment) : undefined;
      if (found) return found;
    }
    return undefined;
  }

  /** Removes what a set-up has replaced, once the environment of the present wheel runs. */
  async removeOutdated(running: string): Promise<void> {
    const wheel = await this.wheel();
    const kept = (await listEnvironments(this.root)).find(({ folder }) => folder === running);
    if (!kept || kept.hash !== wheel?.hash) return;
    for (const folder of await removeOthers(this.root, kept.folder)) this.#log.info(`removed ${folder}`);
  }

  async #environments(python: string | undefined): Promise<Environment[]> {
    return (await listEnvironments(this.root)).filter((one) => python === undefined || one.python === python);
  }
}
