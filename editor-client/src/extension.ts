// The extension's entry: makes the parts and ties the commands to them.

import * as vscode from "vscode";
import { documentHere } from "./document.js";
import { createResults } from "./results/results.js";
import { openHit } from "./search/preview.js";
import { createSearch } from "./search/search.js";
import { connect } from "./server/connect.js";
import type { Connection } from "./server/connection.js";
import { createFindSimilar } from "./similar.js";
import { createStatusBar } from "./status/status-bar.js";

let connection: Connection | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel("Hunch", { log: true });
  const server = connect(context, log);
  connection = server;
  const results = createResults(
    context,
    server,
    async (hit, options) => void (await openHit(hit, options)),
    (query) => void search.open(query),
  );
  const similar = createFindSimilar(server, results);
  const search = createSearch(context.workspaceState, server, results, (hit) => void similar.to(hit));
  const statusBar = createStatusBar(server);
  context.subscriptions.push(log, results, statusBar);

  const command = (id: string, run: (...given: unknown[]) => unknown) =>
    context.subscriptions.push(vscode.commands.registerCommand(id, run));
  command("hunch.searchCode", (query) => search.open(typeof query === "string" ? query : undefined));
  command("hunch.openToSide", () => search.openToSide());
  command("hunch.findSimilar", (given) => similar.here(given));
  command("hunch.insertDocumentation", () => documentHere(server));
  command("hunch.pauseIndexing", () => asked(server.pause()));
  command("hunch.resumeIndexing", () => asked(server.resume()));
  command("hunch.rebuildIndex", () => asked(server.rebuild()));
  command("hunch.showStatus", () => statusBar.showMenu());
  command("hunch.restartServer", () => server.restart());
  command("hunch.setUpServer", () => server.setUp());
  command("hunch.showLogs", () => server.showLogs());
  command("hunch.copyDebugInfo", async () => {
    await vscode.env.clipboard.writeText(await server.debugInfo());
    void vscode.window.showInformationMessage(vscode.l10n.t("Hunch's debug information is in the clipboard."));
  });
  void server.start();
}

export async function deactivate(): Promise<void> {
  await connection?.dispose();
}

/** Says it when the server cannot do what was asked. */
async function asked(doing: Promise<void>): Promise<void> {
  try {
    await doing;
  } catch (error) {
    void vscode.window.showErrorMessage(error instanceof Error ? error.message : String(error));
  }
}
