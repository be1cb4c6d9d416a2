// The places where a server may be, in the order of looking, and what each said when it was asked.

import type { Launch } from "./launch.js";
import type { Problem, Python } from "./probe.js";

/** Where a server was found, in the order of looking. */
export type Source = "command" | "interpreter" | "selected" | "path" | "own";

export interface Candidate {
  readonly source: Source;
  readonly path: string;
  /** What the setting says, when one named it. The person asked for this one: no other is taken in its place. */
  readonly written?: string;
}

export interface Places {
  /** Whether the person trusts the open folders; if not, only what the extension made itself counts. */
  readonly trusted: boolean;
  /** The settings as they are written, and the paths that they stand for; more than one for a name on PATH. */
  readonly command: { readonly written: string; readonly paths: readonly string[] } | undefined;
  readonly interpreter: { readonly written: string; readonly path: string } | undefined;
  /** Interpreters of the environments that are selected in the editor. */
  readonly selected: readonly string[];
  /** Programs named hunch on PATH. */
  readonly onPath: readonly string[];
  /** Interpreters of whole environments that the extension made from its present wheel. */
  readonly own: readonly string[];
}

export function candidatesOf(places: Places): Candidate[] {
  const own = places.own.map((path): Candidate => ({ source: "own", path }));
  if (!places.trusted) return own;
  if (places.command) {
    const { written, paths } = places.command;
    // A name that is not on PATH is reported as it is.
    return [{ source: "command", path: paths[0] ?? written, written }];
  }
  if (places.interpreter) {
    return [{ source: "interpreter", path: places.interpreter.path, written: places.interpreter.written }];
  }
  return [
    ...unique(places.selected).map((path): Candidate => ({ source: "selected", path })),
    ...unique(places.onPath).map((path): Candidate => ({ source: "path", path })),
    ...own,
  ];
}

function unique(paths: readonly string[]): string[] {
  return [...new Set(paths)];
}

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

/** One place and what it said, on one line. */
export function noteText({ candidate, version, problem }: Note): string {
  const { kind, ...rest } = problem ?? { kind: "" };
  const details = Object.entries(rest).map(([name, value]) => `${name}=${typeof value === "object" ? "" : value}`);
  const said = problem ? [kind, ...details.filter((detail) => !detail.endsWith("="))].join(" ") : `hunch ${version}`;
  return `${candidate.source}: ${candidate.path}: ${said}`;
}
