// The search history: a list of past queries; choosing one runs it, the bin takes it out.

import * as vscode from "vscode";
import { RECENT_KEY, readRecent } from "../search/recent.js";
import { type PastQuery, readHistory, withoutQuery, withQuery } from "./history.js";

const HISTORY = "hunch.history";
/** The short list that an empty search shows; what is deleted here must not turn up there. */

export interface History {
  add(query: string): void;
  /** Shows the list; done when it is gone. */
  show(): Promise<void>;
}

interface QueryItem extends vscode.QuickPickItem {
  readonly query: string;
}

export function createHistory(memory: vscode.Memento, moment: (time: number) => string): History {
  const read = () => readHistory(memory.get(HISTORY));

  const forget = async (query: string) => {
    await memory.update(HISTORY, withoutQuery(read(), query));
    await memory.update(
      RECENT_KEY,
      readRecent(memory.get(RECENT_KEY)).filter((one) => one !== query),
    );
  };

  const forgetAll = async () => {
    const button = vscode.l10n.t("Delete History");
    const chosen = await vscode.window.showWarningMessage(
      vscode.l10n.t("Delete all past searches of this workspace?"),
      { modal: true },
      button,
    );
    if (chosen === button) {
      await memory.update(HISTORY, undefined);
      await memory.update(RECENT_KEY, undefined);
    }
  };

  return {
    add: (query) => void memory.update(HISTORY, withQuery(read(), query, Date.now())),
    show: async () => {
      const pick = vscode.window.createQuickPick<QueryItem>();
      (pick as unknown as { sortByLabel: boolean }).sortByLabel = false; // newest first, whatever is typed
      const all: vscode.QuickInputButton = {
        iconPath: new vscode.ThemeIcon("clear-all"),
        tooltip: vscode.l10n.t("Delete All"),
      };
      const fill = () => {
        const items = read().map((past) => itemOf(past, moment));
        const [active] = pick.activeItems;
        const index = active === undefined ? 0 : pick.items.indexOf(active);
        pick.items = items;
        const next = items[Math.min(index, items.length - 1)];
        if (next !== undefined) {
          pick.activeItems = [next]; // the one below a deleted one, so that several can be deleted in a row
        }
        pick.buttons = items.length > 0 ? [all] : [];
        pick.placeholder =
          items.length > 0 ? vscode.l10n.t("Choose a search to run it again") : vscode.l10n.t("No searches yet");
      };
      pick.title = vscode.l10n.t("Search History");
      fill();
      const gone = new Promise<void>((resolve) => pick.onDidHide(() => resolve()));
      pick.onDidTriggerItemButton(async ({ item }) => {
        await forget(item.query);
        fill();
      });
      pick.onDidTriggerButton(() => {
        pick.hide();
        void forgetAll();
      });
      pick.onDidAccept(() => {
        const query = pick.selectedItems[0]?.query;
        pick.hide();
        if (query !== undefined) {
          void vscode.commands.executeCommand("hunch.searchCode", query);
        }
      });
      pick.show();
      await gone;
      pick.dispose();
    },
  };
}

function itemOf(past: PastQuery, moment: (time: number) => string): QueryItem {
  return {
    label: past.query,
    description: moment(past.askedAt),
    iconPath: new vscode.ThemeIcon("history"),
    buttons: [{ iconPath: new vscode.ThemeIcon("trash"), tooltip: vscode.l10n.t("Delete from History") }],
    query: past.query,
  };
}
