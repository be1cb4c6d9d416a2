// "Insert Generated Documentation": the function at the cursor gets a sentence that a model wrote about it.

import * as vscode from "vscode";
import { type Connection, Overtaken } from "./server/connection.js";

export async function documentHere(connection: Connection): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  if (editor?.document.uri.scheme !== "file") {
    void vscode.window.showInformationMessage(vscode.l10n.t("Open a file and put the cursor into a function first."));
    return;
  }
  const { active } = editor.selection;
  const position = { line: active.line, character: active.character };
  try {
    const isDone = await connection.document({ textDocument: { uri: editor.document.uri.toString() }, position });
    if (isDone) return;
    void vscode.window.showInformationMessage(
      vscode.l10n.t("There is no function here that lacks documentation and has room for it."),
    );
  } catch (error) {
    if (error instanceof Overtaken) return;
    void vscode.window.showErrorMessage(error instanceof Error ? error.message : String(error));
  }
}
