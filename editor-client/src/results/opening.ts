// Opens hits of the results view: one by a click, or the files of an answer.

import * as vscode from "vscode";
import type { Hit } from "../protocol.js";
import type { FileGroup } from "./grouping.js";
import type { HitNode } from "./tree.js";

export type OpenHit = (hit: Hit, options: { side?: boolean; preview?: boolean; keepFocus?: boolean }) => Promise<void>;

const ASK_FROM = 10;
const TWICE_MS = 500;

/** Opens a hit in the preview tab; chosen twice in a row, as by a double click, it gets a tab of its own. */
export function createOpener(open: OpenHit): (node: HitNode) => Promise<void> {
  let last: { readonly id: string; readonly at: number } | undefined;
  return async (node) => {
    const again = last?.id === node.id && Date.now() - last.at < TWICE_MS;
    last = { id: node.id, at: Date.now() };
    try {
      await open(node.hit, { preview: !again });
    } catch {
      tellGone([node.hit.path]);
    }
  };
}

/** Opens each file once, at its best hit; the person ends up in the first one. */
export async function openAll(files: readonly FileGroup[], open: OpenHit): Promise<void> {
  if (files.length > ASK_FROM && !(await isWanted(files.length))) {
    return;
  }
  const gone: string[] = [];
  const opened: Hit[] = [];
  for (const file of files) {
    const [hit] = file.hits;
    try {
      await open(hit, { preview: false, keepFocus: true });
      opened.push(hit);
    } catch {
      gone.push(hit.path);
    }
  }
  const [first] = opened;
  if (first !== undefined) {
    await open(first, { preview: false });
  }
  if (gone.length > 0) {
    tellGone(gone);
  }
}

async function isWanted(count: number): Promise<boolean> {
  const button = vscode.l10n.t("Open {0} Files", count);
  const message = vscode.l10n.t("This opens {0} files.", count);
  return (await vscode.window.showWarningMessage(message, { modal: true }, button)) === button;
}

function tellGone(paths: readonly string[]): void {
  const [first = ""] = paths;
  void vscode.window.showWarningMessage(
    paths.length === 1
      ? vscode.l10n.t("{0} cannot be opened. It may have been moved or deleted; search again.", first)
      : vscode.l10n.t(
          "{0} and {1} more cannot be opened. They may have been moved or deleted; search again.",
          first,
          paths.length - 1,
        ),
  );
}
