// "Search Code by Meaning": a list that answers while the person types.

import * as vscode from "vscode";
import type { Answer, Hit } from "../protocol.js";
import type { ResultsSink } from "../results/sink.js";
import { type Connection, Overtaken } from "../server/connection.js";
import { indexedFiles, isWholeIndex } from "../status/describe.js";
import { triedOf } from "./describe.js";
import { chooseFilter } from "./filter-pick.js";
import { createHitList, type HitItem, type HitList, itemsOf, translate } from "./hit-list.js";
import { splitQuery, withoutFilters } from "./query.js";
import { RECENT_KEY, readRecent, withRecent } from "./recent.js";

const DEBOUNCE_MS = 150;
/** Between two questions for the same words while the index is growing. */
const AGAIN_MS = 1500;
const OPEN = "hunch.searchOpen";

export interface Search {
  /** Opens the list, with a query when there is one. */
  open(query?: string): Promise<void>;
  /** Opens the active hit of the list to the side. */
  openToSide(): void;
}

export function createSearch(
  memory: vscode.Memento,
  connection: Connection,
  results: ResultsSink,
  findSimilar: (hit: Hit) => void,
): Search {
  let current: HitList | undefined;
  return {
    open: async (query = "") => {
      await current?.close();
      const list = openList(memory, connection, results, findSimilar, query, () => {
        if (current === list) {
          current = undefined;
          void vscode.commands.executeCommand("setContext", OPEN, false);
        }
      });
      current = list;
      void vscode.commands.executeCommand("setContext", OPEN, true);
    },
    openToSide: () => {
      const hit = current?.activeHit();
      if (hit !== undefined) {
        void current?.open(hit, true);
      }
    },
  };
}

function openList(
  memory: vscode.Memento,
  connection: Connection,
  results: ResultsSink,
  findSimilar: (hit: Hit) => void,
  query: string,
  closed: () => void,
): HitList {
  let answer: Answer | undefined;
  let asking: vscode.CancellationTokenSource | undefined;
  let timer: NodeJS.Timeout | undefined;
  let askedAt = 0;

  const list = createHitList({
    onClosed: () => {
      asking?.cancel();
      clearTimeout(timer);
      listening.dispose();
      if (answer !== undefined && answer.hits.length > 0) {
        results.addSearch(pick.value.trim(), answer);
        void memory.update(RECENT_KEY, withRecent(readRecent(memory.get(RECENT_KEY)), pick.value));
      }
      closed();
    },
    onFindSimilar: findSimilar,
  });
  const { pick } = list;

  const settle = (items: readonly HitItem[]) => {
    pick.busy = false;
    list.setItems(items);
  };

  const ask = async () => {
    asking?.cancel();
    const typed = pick.value;
    if (typed.trim() === "") {
      answer = undefined;
      settle(recentItems());
      return;
    }
    const state = connection.state;
    if (state.kind === "missing" || state.kind === "failed") {
      answer = undefined;
      settle([troubleItem(state.message)]);
      return;
    }
    const mine = new vscode.CancellationTokenSource();
    asking = mine;
    askedAt = Date.now();
    const before = connection.state;
    pick.busy = true;
    try {
      const limit = vscode.workspace.getConfiguration("hunch").get("maxResults", 20);
      const found = await connection.search({ query: typed, limit }, mine.token);
      if (asking === mine) {
        answer = found;
        showTitle();
        settle(answerItems(typed, found));
        // The index may have changed for the last time while this answer, of an older one, was under way.
        if (connection.state !== before) askAgainIfBetter();
      }
    } catch (error) {
      if (asking === mine && !(error instanceof Overtaken)) {
        answer = undefined;
        settle([{ label: error instanceof Error ? error.message : String(error), alwaysShow: true }]);
      }
    }
  };

  const askSoon = (after: number) => {
    clearTimeout(timer);
    timer = setTimeout(() => void ask(), after);
  };

  const answerItems = (typed: string, found: Answer): HitItem[] => {
    const notices = found.notices.map((notice): HitItem => ({ label: `$(info) ${notice}`, alwaysShow: true }));
    if (found.answerability !== "none") {
      return [...itemsOf(found), ...notices];
    }
    const tried = triedOf(typed, indexedFiles(connection.state), translate);
    const nothing: HitItem = {
      label: vscode.l10n.t("Nothing here seems to do that"),
      iconPath: new vscode.ThemeIcon("circle-slash"),
      detail: found.complete ? tried : `${tried} ${vscode.l10n.t("The index is not whole yet.")}`,
      alwaysShow: true,
    };
    const filtered = splitQuery(typed).filters.length > 0;
    const free: HitItem = {
      label: vscode.l10n.t("Search again without filters"),
      iconPath: new vscode.ThemeIcon("filter"),
      alwaysShow: true,
      act: () => setQuery(withoutFilters(typed)),
    };
    return [nothing, ...(filtered ? [free] : []), ...notices, ...itemsOf(found)];
  };

  const recentItems = (): HitItem[] => {
    const recent = readRecent(memory.get(RECENT_KEY)).map(
      (one): HitItem => ({
        label: one,
        iconPath: new vscode.ThemeIcon("history"),
        alwaysShow: true,
        act: () => setQuery(one),
      }),
    );
    const heading = { label: vscode.l10n.t("Recent searches"), kind: vscode.QuickPickItemKind.Separator };
    return recent.length > 0 ? [heading, ...recent] : [];
  };

  const troubleItem = (message: string): HitItem => ({
    label: message,
    iconPath: new vscode.ThemeIcon("warning"),
    detail: vscode.l10n.t("Press Enter for what can be done."),
    alwaysShow: true,
    act: () => {
      pick.hide();
      void vscode.commands.executeCommand("hunch.showStatus");
    },
  });

  const setQuery = (text: string) => {
    pick.value = text;
    void ask();
  };

  const showTitle = () => {
    const title = vscode.l10n.t("Search Code by Meaning");
    if (connection.state.kind === "starting" || connection.state.kind === "installing") {
      pick.title = vscode.l10n.t("{0} (Hunch is starting)", title);
    } else if (answer !== undefined && !answer.complete) {
      pick.title = vscode.l10n.t("{0} (still indexing: {1} files so far)", title, indexedFiles(connection.state));
    } else {
      pick.title = title;
    }
  };

  // Answers get better while the index grows, and where nothing was found a new file may hold it; nobody need type again.
  const askAgainIfBetter = () => {
    const mayImprove =
      answer === undefined ? pick.value.trim() !== "" : !answer.complete || answer.answerability === "none";
    if (mayImprove && !pick.busy) {
      askSoon(isWholeIndex(connection.state) ? 0 : Math.max(0, askedAt + AGAIN_MS - Date.now()));
    }
  };
  const listening = connection.onDidChangeState(() => {
    showTitle();
    askAgainIfBetter();
  });

  const filter: vscode.QuickInputButton = {
    iconPath: new vscode.ThemeIcon("filter"),
    tooltip: vscode.l10n.t("Filter by Language, Kind or Folder"),
  };
  pick.placeholder = vscode.l10n.t("Say what the code does, for example: retry a request with backoff");
  pick.matchOnDescription = false;
  pick.matchOnDetail = false;
  pick.buttons = [filter];
  pick.onDidChangeValue((value) => askSoon(value.trim() === "" ? 0 : DEBOUNCE_MS));
  pick.onDidTriggerButton(async () => {
    list.suspend();
    const changed = await chooseFilter(pick.value, answer);
    list.resume();
    if (changed !== undefined) {
      setQuery(changed);
    }
  });
  showTitle();
  pick.value = query;
  pick.show();
  void ask();
  return list;
}
