// The status bar item, and the menu behind it.

import * as vscode from "vscode";
import { translate } from "../search/hit-list.js";
import type { Connection, ServerState } from "../server/connection.js";
import { describeState, foldersOf, isPaused } from "./describe.js";

export interface StatusBar extends vscode.Disposable {
  /** Offers what can be done in the present state. */
  showMenu(): Promise<void>;
}

interface Choice extends vscode.QuickPickItem {
  readonly command?: string;
}

export function createStatusBar(connection: Connection): StatusBar {
  const item = vscode.window.createStatusBarItem("hunch.status", vscode.StatusBarAlignment.Right, 90);
  item.name = "Hunch";
  item.command = "hunch.showStatus";
  const show = () => {
    const { icon, text, tooltip, severity } = describeState(connection.state, translate);
    item.text = `$(${icon}) ${text}`;
    item.tooltip = tooltip;
    item.accessibilityInformation = { label: `${text}. ${tooltip}`, role: "button" };
    item.backgroundColor =
      severity === "none" ? undefined : new vscode.ThemeColor(`statusBarItem.${severity}Background`);
  };
  const listening = connection.onDidChangeState(show);
  show();
  item.show();
  return {
    showMenu: async () => {
      const { tooltip } = describeState(connection.state, translate);
      const chosen = await vscode.window.showQuickPick(choicesIn(connection.state), {
        title: "Hunch",
        placeHolder: tooltip.replaceAll("\n", " \u00b7 "),
      });
      if (chosen?.command !== undefined) {
        await vscode.commands.executeCommand(chosen.command);
      }
    },
    dispose: () => {
      listening.dispose();
      item.dispose();
    },
  };
}

function choicesIn(state: ServerState): Choice[] {
  const choice = (icon: string, label: string, command: string): Choice => ({
    label,
    iconPath: new vscode.ThemeIcon(icon),
    command,
  });
  const logs = choice("output", vscode.l10n.t("Show the Log"), "hunch.showLogs");
  const restart = choice("debug-restart", vscode.l10n.t("Restart the Server"), "hunch.restartServer");
  const debug = choice("clippy", vscode.l10n.t("Copy Debug Information"), "hunch.copyDebugInfo");
  switch (state.kind) {
    case "missing":
      return [choice("cloud-download", vscode.l10n.t("Set Up Hunch"), "hunch.setUpServer"), restart, logs, debug];
    case "failed":
      return [restart, choice("tools", vscode.l10n.t("Set Up Hunch"), "hunch.setUpServer"), logs, debug];
    case "installing":
    case "starting":
      return [logs, debug];
    case "running": {
      const search = choice("search-fuzzy", vscode.l10n.t("Search Code by Meaning"), "hunch.searchCode");
      if (foldersOf(state).length === 0) {
        return [restart, logs, debug];
      }
      const pause = isPaused(state)
        ? choice("play", vscode.l10n.t("Resume Indexing"), "hunch.resumeIndexing")
        : choice("debug-pause", vscode.l10n.t("Pause Indexing"), "hunch.pauseIndexing");
      const rebuild = choice("refresh", vscode.l10n.t("Rebuild the Index"), "hunch.rebuildIndex");
      return [search, pause, rebuild, restart, logs, debug];
    }
  }
}
