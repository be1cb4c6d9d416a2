// Hits by file: files in the order of their best hits, hits in a file in the order of the server. Pure.

import type { Hit } from "../protocol.js";

export interface FileGroup {
  readonly uri: string;
  /** The workspace folder's uri. */
  readonly folder: string;
  readonly path: string;
  /** Best first; never empty. */
  readonly hits: readonly [Hit, ...Hit[]];
}

export function groupByFile(hits: readonly Hit[]): FileGroup[] {
  const groups = new Map<string, [Hit, ...Hit[]]>();
  for (const hit of hits) {
    const group = groups.get(hit.uri);
    if (group === undefined) {
      groups.set(hit.uri, [hit]);
    } else {
      group.push(hit);
    }
  }
  return [...groups.values()].map((group) => ({
    uri: group[0].uri,
    folder: group[0].folder,
    path: group[0].path,
    hits: group,
  }));
}

/** Splits "src/cache/lru.ts" into its folder and its name; the folder is empty at the top. */
export function splitPath(path: string): { readonly directory: string; readonly name: string } {
  const slash = path.lastIndexOf("/");
  return { directory: path.slice(0, Math.max(0, slash)), name: path.slice(slash + 1) };
}
