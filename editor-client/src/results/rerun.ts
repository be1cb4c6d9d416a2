// Asks a kept question again, with progress on the view.

import * as vscode from "vscode";
import type { Answer } from "../protocol.js";
import { type Connection, Overtaken } from "../server/connection.js";
import { type Entry, type Question, titleOf } from "./entries.js";

/** The new answer; undefined when there is none, which the person has then been told. */
export async function askAgain(entry: Entry, connection: Connection, viewId: string): Promise<Answer | undefined> {
  const asking = new vscode.CancellationTokenSource();
  try {
    return await vscode.window.withProgress({ location: { viewId } }, () =>
      ask(entry.question, connection, asking.token),
    );
  } catch (error) {
    if (!(error instanceof Overtaken)) {
      await tell(entry.question, connection, error);
    }
    return undefined;
  } finally {
    asking.dispose();
  }
}

function ask(question: Question, connection: Connection, token: vscode.CancellationToken): Promise<Answer> {
  const limit = vscode.workspace.getConfiguration("hunch").get("maxResults", 20);
  return question.kind === "search"
    ? connection.search({ query: question.query, limit }, token)
    : connection.similar({ ...question.params, limit }, token);
}

async function tell(question: Question, connection: Connection, error: unknown): Promise<void> {
  const reason = error instanceof Error ? error.message : String(error);
  const { kind } = connection.state;
  const setUp = vscode.l10n.t("Set Up Hunch");
  const restart = vscode.l10n.t("Restart");
  const logs = vscode.l10n.t("Show Log");
  const chosen = await vscode.window.showErrorMessage(
    vscode.l10n.t("\u201c{0}\u201d was not answered: {1}", titleOf(question), reason),
    ...(kind === "missing" ? [setUp] : kind === "failed" ? [restart, logs] : [logs]),
  );
  if (chosen === setUp) {
    await vscode.commands.executeCommand("hunch.setUpServer");
  } else if (chosen === restart) {
    await vscode.commands.executeCommand("hunch.restartServer");
  } else if (chosen === logs) {
    connection.showLogs();
  }
}
