// The order of places where a server is looked for. Pure.

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
