// Shows a hit in the editor while a list is open, and puts everything back as it was when nothing is chosen.

import * as vscode from "vscode";
import type { Hit } from "../protocol.js";

export interface Preview extends vscode.Disposable {
  /** Shows a hit without taking the focus from the list. */
  show(hit: Hit): Promise<void>;
  /** Returns to the editor, selection and scroll position that were there before. */
  restore(): Promise<void>;
  /** Opens a hit for good. */
  open(hit: Hit, options?: { readonly side?: boolean }): Promise<void>;
}

/** Opens a hit, for good unless told otherwise. */
export async function openHit(
  hit: Hit,
  options: { readonly side?: boolean; readonly preview?: boolean; readonly keepFocus?: boolean } = {},
): Promise<vscode.TextEditor> {
  const editor = await vscode.window.showTextDocument(vscode.Uri.parse(hit.uri), {
    preview: options.preview ?? false,
    preserveFocus: options.keepFocus ?? false,
    ...(options.side ? { viewColumn: vscode.ViewColumn.Beside } : {}),
  });
  const start = placeIn(editor.document, hit.selectionRange.start);
  editor.selection = new vscode.Selection(start, start);
  reveal(editor, hit);
  return editor;
}

const AT_REST_MS = 120;
const SCROLL_ATTEMPTS = 5;

/** Remembers where the person is now. */
export function beginPreview(): Preview {
  const before = remember();
  const lines = vscode.window.createTextEditorDecorationType({
    isWholeLine: true,
    backgroundColor: new vscode.ThemeColor("editor.rangeHighlightBackground"),
    borderStyle: "solid",
    borderWidth: "0 0 0 2px",
    borderColor: new vscode.ThemeColor("focusBorder"),
    overviewRulerColor: new vscode.ThemeColor("editorOverviewRuler.findMatchForeground"),
    overviewRulerLane: vscode.OverviewRulerLane.Center,
  });
  const words = vscode.window.createTextEditorDecorationType({
    backgroundColor: new vscode.ThemeColor("editor.findMatchHighlightBackground"),
  });
  const nearWords = vscode.window.createTextEditorDecorationType({
    textDecoration: "underline dotted",
    backgroundColor: new vscode.ThemeColor("editor.wordHighlightBackground"),
  });
  const types = [lines, words, nearWords];
  let decorated: vscode.TextEditor | undefined;
  let latest = 0;
  let shown = Promise.resolve();

  const clear = () => {
    for (const type of types) {
      decorated?.setDecorations(type, []);
    }
    decorated = undefined;
  };

  // One after the other, and only the newest: arrow keys come faster than editors open.
  const show = (hit: Hit) => {
    latest += 1;
    const mine = latest;
    shown = shown.then(async () => {
      if (mine !== latest) {
        return;
      }
      const editor = await vscode.window.showTextDocument(vscode.Uri.parse(hit.uri), {
        preview: true,
        preserveFocus: true,
        ...(before.column === undefined ? {} : { viewColumn: before.column }),
      });
      clear();
      decorated = editor;
      editor.setDecorations(lines, [shownRange(editor.document, hit)]);
      editor.setDecorations(words, wordsOf(editor.document, hit, true));
      editor.setDecorations(nearWords, wordsOf(editor.document, hit, false));
      // In the centre even if it can be seen: the list lies over the upper half.
      reveal(editor, hit, vscode.TextEditorRevealType.InCenter);
    });
    shown = shown.catch(() => undefined); // a file that has gone meanwhile
    return shown;
  };

  const settle = async () => {
    latest += 1;
    await shown;
    clear();
  };

  return {
    show,
    restore: async () => {
      const wasShown = latest > 0;
      await settle();
      if (wasShown) {
        await goBack(before);
      }
    },
    open: async (hit, options = {}) => {
      const wasShown = latest > 0;
      await settle();
      if (options.side && wasShown) {
        await goBack(before); // the hit goes to the side; here stays what was here
      }
      await openHit(hit, options);
    },
    dispose: () => {
      for (const type of types) {
        type.dispose();
      }
    },
  };
}

interface Before {
  readonly column: vscode.ViewColumn | undefined;
  readonly editor:
    | {
        readonly document: vscode.TextDocument;
        readonly selections: readonly vscode.Selection[];
        readonly visible: vscode.Range | undefined;
        readonly isPreview: boolean;
      }
    | undefined;
  readonly tabs: ReadonlySet<string>;
}

function remember(): Before {
  const group = vscode.window.tabGroups.activeTabGroup;
  const editor = vscode.window.activeTextEditor;
  return {
    column: group.viewColumn,
    editor: editor && {
      document: editor.document,
      selections: editor.selections,
      visible: editor.visibleRanges[0],
      isPreview: group.activeTab?.isPreview ?? false,
    },
    tabs: new Set(group.tabs.map(identityOf)),
  };
}

async function goBack(before: Before): Promise<void> {
  if (before.editor !== undefined) {
    const { document, selections, visible, isPreview } = before.editor;
    const editor = await vscode.window.showTextDocument(document, {
      preview: isPreview,
      ...(before.column === undefined ? {} : { viewColumn: before.column }),
    });
    editor.selections = selections;
    if (visible !== undefined) {
      await scrollTo(editor, visible);
    }
  }
  const group = vscode.window.tabGroups.all.find((one) => one.viewColumn === before.column);
  const added = group?.tabs.filter((tab) => tab.isPreview && !tab.isDirty && !before.tabs.has(identityOf(tab))) ?? [];
  await vscode.window.tabGroups.close(added);
}

/**
 * Puts a line at the top. The editor mostly knows by itself where it was; where it does not, revealing leaves room for the
 * lines of scopes that stick at the top, so that only looking where it came to rest tells how far to go.
 */
async function scrollTo(editor: vscode.TextEditor, visible: vscode.Range): Promise<void> {
  const wanted = visible.start.line;
  let line = wanted;
  for (let attempt = 0; attempt < SCROLL_ATTEMPTS; attempt += 1) {
    await atRest(editor);
    const missing = wanted - (editor.visibleRanges[0]?.start.line ?? wanted);
    if (missing === 0) {
      return;
    }
    line += attempt === 0 ? 0 : missing;
    const top = editor.document.validateRange(new vscode.Range(line, 0, line, 0));
    editor.revealRange(top, vscode.TextEditorRevealType.AtTop);
  }
}

/** Waits until an editor has not scrolled for a moment. */
function atRest(editor: vscode.TextEditor): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      listening.dispose();
      resolve();
    };
    let timer = setTimeout(done, AT_REST_MS);
    const listening = vscode.window.onDidChangeTextEditorVisibleRanges((event) => {
      if (event.textEditor === editor) {
        clearTimeout(timer);
        timer = setTimeout(done, AT_REST_MS);
      }
    });
  });
}

function identityOf(tab: vscode.Tab): string {
  return tab.input instanceof vscode.TabInputText ? tab.input.uri.toString() : `${typeof tab.input} ${tab.label}`;
}

function shownRange(document: vscode.TextDocument, hit: Hit): vscode.Range {
  const end = hit.range.end.character === 0 ? hit.range.end.line - 1 : hit.range.end.line;
  return new vscode.Range(placeIn(document, hit.range.start), placeIn(document, { line: end, character: 0 }));
}

function wordsOf(document: vscode.TextDocument, hit: Hit, exact: boolean): vscode.DecorationOptions[] {
  return (hit.highlights ?? [])
    .filter((one) => one.exact === exact)
    .map(({ range, term }) => ({
      range: new vscode.Range(placeIn(document, range.start), placeIn(document, range.end)),
      hoverMessage: exact ? [] : vscode.l10n.t("Close in meaning to \u201c{0}\u201d", term),
    }));
}

function reveal(
  editor: vscode.TextEditor,
  hit: Hit,
  how: vscode.TextEditorRevealType = vscode.TextEditorRevealType.InCenterIfOutsideViewport,
): void {
  const line = placeIn(editor.document, hit.selectionRange.start);
  editor.revealRange(new vscode.Range(line, line), how);
}

/** A file that was not indexed again yet may be shorter than the server thinks. */
function placeIn(document: vscode.TextDocument, position: { line: number; character: number }): vscode.Position {
  return document.validatePosition(new vscode.Position(Math.max(0, position.line), position.character));
}
