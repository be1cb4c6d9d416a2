// Goes through the places where a server may be and takes the first one that fits.

import { type Candidate, candidatesOf, type Places } from "./candidates.js";
import { type Environment, minorOf } from "./environment.js";
import { type Launch, launchCommand, launchOwn } from "./launch.js";
import { type Answer, type ProbeOptions, type Problem, type Python, probeInterpreter, probeServer } from "./probe.js";

export interface Found {
  readonly candidate: Candidate;
  readonly launch: Launch;
  readonly version: string;
  /** The interpreter; unknown for a command. */
  readonly python: Python | undefined;
  /** The folder of the extension's own environment. */
  readonly environment: string | undefined;
}

/** What a place said when it was asked. */
export interface Note {
  readonly candidate: Candidate;
  readonly version?: string;
  readonly problem?: Problem;
}

export interface Search {
  readonly found: Found | undefined;
  /** The place that a setting names, when it cannot be used. */
  readonly refused: { readonly candidate: Candidate; readonly problem: Problem } | undefined;
  readonly notes: readonly Note[];
}

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
