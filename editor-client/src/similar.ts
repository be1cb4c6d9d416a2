// "Find Similar Code": the definition at the cursor, in the selection or in a hit, and code elsewhere that does alike.

import * as vscode from "vscode";
import type { Hit, SimilarParams } from "./protocol.js";
import type { ResultsSink } from "./results/sink.js";
import { nameOf } from "./search/describe.js";
import { createHitList, itemsOf } from "./search/hit-list.js";
import { type Connection, Overtaken } from "./server/connection.js";

export interface FindSimilar {
  /** For what the server's code action hands over, or for the editor in front. */
  here(argument?: unknown): Promise<void>;
  to(hit: Hit): Promise<void>;
}

export function createFindSimilar(connection: Connection, results: ResultsSink): FindSimilar {
  const find = async (params: SimilarParams, title: string) => {
    const list = createHitList({
      onClosed: () => asking.cancel(),
      onFindSimilar: (hit) => void to(hit),
    });
    const asking = new vscode.CancellationTokenSource();
    const { pick } = list;
    pick.title = title;
    pick.placeholder = vscode.l10n.t("Type to narrow the list by name or path");
    pick.matchOnDescription = true;
    pick.busy = true;
    pick.show();
    try {
      const limit = vscode.workspace.getConfiguration("hunch").get("maxResults", 20);
      const answer = await connection.similar({ ...params, limit }, asking.token);
      const items = itemsOf(answer).map((item) => ({ ...item, alwaysShow: false }));
      const nothing = {
        label: vscode.l10n.t("There is no similar code"),
        iconPath: new vscode.ThemeIcon("circle-slash"),
        alwaysShow: true,
      };
      list.setItems(items.length > 0 ? items : [nothing]);
      results.addSimilar(title, params, answer);
    } catch (error) {
      if (error instanceof Overtaken) {
        pick.hide();
      } else {
        list.setItems([{ label: error instanceof Error ? error.message : String(error), alwaysShow: true }]);
      }
    } finally {
      pick.busy = false;
    }
  };

  const to = (hit: Hit) =>
    find(
      { textDocument: { uri: hit.uri }, position: hit.selectionRange.start },
      vscode.l10n.t("Similar to {0}", nameOf(hit)),
    );

  return {
    to,
    here: async (argument) => {
      const editor = vscode.window.activeTextEditor;
      const params = isParams(argument) ? argument : editor && paramsOf(editor);
      if (params === undefined) {
        void vscode.window.showInformationMessage(
          vscode.l10n.t("Open a file and put the cursor into a function first."),
        );
        return;
      }
      const line = (params.position ?? params.range?.start)?.line ?? 0;
      const name = vscode.workspace.asRelativePath(vscode.Uri.parse(params.textDocument.uri));
      await find(params, vscode.l10n.t("Similar to {0}", `${name}:${line + 1}`));
    },
  };
}

function paramsOf(editor: vscode.TextEditor): SimilarParams {
  const { selection, document } = editor;
  const textDocument = { uri: document.uri.toString() };
  const plain = (at: vscode.Position) => ({ line: at.line, character: at.character });
  return selection.isEmpty
    ? { textDocument, position: plain(selection.active) }
    : { textDocument, range: { start: plain(selection.start), end: plain(selection.end) } };
}

function isParams(argument: unknown): argument is SimilarParams {
  const uri = (argument as SimilarParams | undefined)?.textDocument?.uri;
  return typeof uri === "string"; // a context menu hands over a Uri, which has no such field
}
