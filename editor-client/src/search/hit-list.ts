// A quick pick of hits: preview with the arrow keys, Enter opens, Escape returns. Search and similar code share it.

import * as vscode from "vscode";
import type { Answer, Hit } from "../protocol.js";
import { headingOf, iconOf, nameOf, nearDuplicatesOf, placeOf, reasonsOf, type Translate } from "./describe.js";
import { beginPreview, type Preview } from "./preview.js";

export interface HitItem extends vscode.QuickPickItem {
  readonly hit?: Hit;
  /** What to do when it is chosen; for items that are no hits. */
  readonly act?: () => unknown;
}

export interface HitList {
  readonly pick: vscode.QuickPick<HitItem>;
  /** Shows other items. The hit that was active stays so when it is among them. */
  setItems(items: readonly HitItem[]): void;
  activeHit(): Hit | undefined;
  /** Opens a hit and closes the list. */
  open(hit: Hit, side: boolean): Promise<void>;
  /** Hides the list while something else asks the person, without going back to where they were. */
  suspend(): void;
  resume(): void;
  /** Closes the list; done when the person is back where they were. */
  close(): Promise<void>;
}

export interface HitListEvents {
  /** The list is gone; `chosen` is the hit that was opened, if any. */
  onClosed(chosen: Hit | undefined): void;
  onFindSimilar?(hit: Hit): void;
}

const SETTLE_MS = 120;

export const translate: Translate = (message, ...args) => vscode.l10n.t(message, ...args);

const sideButton = (): vscode.QuickInputButton => ({
  iconPath: new vscode.ThemeIcon("split-horizontal"),
  tooltip: vscode.l10n.t("Open to the Side (Ctrl+Enter)"),
});
const similarButton = (): vscode.QuickInputButton => ({
  iconPath: new vscode.ThemeIcon("references"),
  tooltip: vscode.l10n.t("Find Similar Code"),
});

export function createHitList(events: HitListEvents): HitList {
  const pick = vscode.window.createQuickPick<HitItem>();
  // Without this the editor sorts by label and the best hit is anywhere. Not in the typings; without it nothing breaks.
  (pick as unknown as { sortByLabel: boolean }).sortByLabel = false;
  const preview: Preview = beginPreview();
  let suspended = false;
  let opening = false;
  let closed = false;
  let chosen: Hit | undefined;
  let similarTo: Hit | undefined;
  let gone: () => void = () => undefined;
  const isGone = new Promise<void>((resolve) => {
    gone = resolve;
  });
  // Typing and new items change what is active too, and the editor tells of it late, by position in a list that may have
  // changed meanwhile. Only what is active once that is over, and is not the first by itself, was asked for.
  let settling: NodeJS.Timeout | undefined;
  let untouched = true;

  const open = async (hit: Hit, side: boolean) => {
    opening = true;
    chosen = hit;
    pick.hide();
    await preview.open(hit, { side });
    preview.dispose();
    gone();
  };

  const showActive = () => {
    const [item] = pick.activeItems;
    if (item === undefined || (untouched && item === firstOf(pick.items))) {
      return;
    }
    untouched = false;
    if (item.hit !== undefined) {
      void preview.show(item.hit);
    }
  };
  const settle = () => {
    clearTimeout(settling);
    settling = setTimeout(() => {
      settling = undefined;
      showActive();
    }, SETTLE_MS);
  };
  pick.onDidChangeValue(() => {
    untouched = true;
    settle();
  });
  pick.onDidChangeActive(() => {
    if (settling === undefined) {
      showActive();
    }
  });
  pick.onDidAccept(() => {
    const [item] = pick.selectedItems;
    if (item?.hit !== undefined) {
      void open(item.hit, false);
    } else {
      item?.act?.();
    }
  });
  pick.onDidTriggerItemButton(({ item, button }) => {
    if (item.hit === undefined) {
      return;
    }
    if ((button.iconPath as vscode.ThemeIcon).id === "references") {
      similarTo = item.hit;
      pick.hide();
    } else {
      void open(item.hit, true);
    }
  });
  pick.onDidHide(async () => {
    if (suspended || closed) {
      return;
    }
    closed = true; // disposing of a list that the person has closed tells of it once more
    clearTimeout(settling);
    pick.dispose();
    events.onClosed(chosen);
    if (!opening) {
      await preview.restore();
      preview.dispose();
      gone();
    }
    if (similarTo !== undefined) {
      events.onFindSimilar?.(similarTo);
    }
  });

  return {
    pick,
    open,
    setItems: (items) => {
      const before = untouched ? undefined : pick.activeItems[0]?.hit;
      untouched = true;
      pick.items = items;
      settle();
      const same = before && items.find((item) => item.hit && isSame(item.hit, before));
      if (same !== undefined) {
        untouched = false;
        pick.activeItems = [same];
      }
    },
    activeHit: () => pick.activeItems[0]?.hit,
    suspend: () => {
      suspended = true;
      pick.hide();
    },
    resume: () => {
      suspended = false;
      pick.show();
    },
    close: () => {
      pick.hide();
      return isGone;
    },
  };
}

/** The items of an answer, best first, under a heading when they are no good answer. */
export function itemsOf(answer: Answer): HitItem[] {
  const heading = headingOf(answer, translate);
  const hits = answer.hits.map(itemOf);
  return heading === undefined ? hits : [{ label: heading, kind: vscode.QuickPickItemKind.Separator }, ...hits];
}

function itemOf(hit: Hit): HitItem {
  const folders = vscode.workspace.workspaceFolders ?? [];
  const folder =
    folders.length > 1
      ? folders.find((one) => one.uri.toString() === vscode.Uri.parse(hit.folder).toString())
      : undefined;
  return {
    label: nameOf(hit),
    iconPath: new vscode.ThemeIcon(iconOf(hit.kind)),
    description: [placeOf(hit, folder?.name), nearDuplicatesOf(hit, translate)].filter(Boolean).join(" \u00b7 "),
    // With the kind in words: a screen reader says label, description and detail, and nothing of the icon.
    detail: `${hit.kind}: ${reasonsOf(hit, translate)}`,
    alwaysShow: true,
    buttons: [sideButton(), similarButton()],
    hit,
  };
}

function firstOf(items: readonly HitItem[]): HitItem | undefined {
  return items.find((item) => item.kind !== vscode.QuickPickItemKind.Separator);
}

function isSame(one: Hit, other: Hit): boolean {
  return one.uri === other.uri && one.kind === other.kind && one.qualifiedName === other.qualifiedName;
}
