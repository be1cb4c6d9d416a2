// The results view: keeps the answers of the last searches and ties the view's actions to them.

import * as vscode from "vscode";
import type { Translate } from "../search/describe.js";
import type { Connection } from "../server/connection.js";
import { isWholeIndex } from "../status/describe.js";
import { createEntry, type Entry, withEntry, withoutEntry, withReplaced } from "./entries.js";
import { createHistory } from "./history-pick.js";
import { messageOf, momentOf } from "./labels.js";
import { entryMarkdown, fileMarkdown, hitMarkdown } from "./markdown.js";
import { createOpener, type OpenHit, openAll } from "./opening.js";
import { askAgain } from "./rerun.js";
import type { ResultsSink } from "./sink.js";
import { packEntries, unpackEntries } from "./storing.js";
import { createTree, entryOf, type HitNode, type Node, OPEN_HIT, pathOf } from "./tree.js";

const VIEW = "hunch.results";
const STORED = "hunch.results";

const t: Translate = (message, ...args) => vscode.l10n.t(message, ...args);

export function createResults(
  context: vscode.ExtensionContext,
  connection: Connection,
  open: OpenHit,
  refine: (query: string) => void,
): ResultsSink & vscode.Disposable {
  const memory = context.workspaceState;
  const tree = createTree(t);
  const view = vscode.window.createTreeView<Node>(VIEW, { treeDataProvider: tree, showCollapseAll: true });
  const history = createHistory(memory, (time) => momentOf(time, Date.now(), vscode.env.language, t));
  let entries = unpackEntries(memory.get(STORED));
  /** The answer that came last; what has to be said above the tree is about it. */
  let latest: string | undefined;

  const showMessage = () => {
    const entry = entries.find((one) => one.id === latest);
    view.message = (entry && messageOf(entry, isWholeIndex(connection.state), t)) ?? "";
  };

  const update = (changed: Entry[]) => {
    entries = changed;
    tree.show(entries);
    showMessage();
    void memory.update(STORED, entries.length > 0 ? packEntries(entries) : undefined);
  };

  const add = (entry: Entry) => {
    latest = entry.id;
    update(withEntry(entries, entry));
    const [newest] = tree.roots;
    if (view.visible && newest !== undefined) {
      // Only where it can be seen: revealing would open the side bar.
      void view.reveal(newest, { select: true, focus: false, expand: true });
    }
  };

  const rerun = async (entry: Entry) => {
    const answer = await askAgain(entry, connection, VIEW);
    if (answer !== undefined && entries.some((one) => one.id === entry.id)) {
      latest = entry.id;
      update(withReplaced(entries, createEntry(entry.question, answer, Date.now())));
      if (entry.question.kind === "search") {
        history.add(entry.question.query);
      }
    }
  };

  const copy = async (node: Node) => {
    await vscode.env.clipboard.writeText(markdownOf(node));
    vscode.window.setStatusBarMessage(vscode.l10n.t("Copied as Markdown"), 3000);
  };

  tree.show(entries);

  // A key bound by the person hands over no node: then it is the chosen one.
  const action = (id: string, run: (node: Node) => unknown) =>
    vscode.commands.registerCommand(id, (given?: Node) => {
      const node = given ?? view.selection[0];
      return node && run(node);
    });
  const openOne = createOpener(open);
  const all = vscode.Disposable.from(
    tree,
    view,
    connection.onDidChangeState(showMessage),
    vscode.workspace.onDidChangeWorkspaceFolders(() => tree.show(entries)),
    vscode.commands.registerCommand(OPEN_HIT, (node: HitNode) => openOne(node)),
    vscode.commands.registerCommand("hunch.results.clear", () => update([])),
    vscode.commands.registerCommand("hunch.results.history", () => history.show()),
    action("hunch.results.rerun", (node) => rerun(entryOf(node))),
    action("hunch.results.refine", (node) => {
      const { question } = entryOf(node);
      if (question.kind === "search") {
        refine(question.query);
      }
    }),
    action("hunch.results.remove", (node) => update(withoutEntry(entries, entryOf(node).id))),
    action("hunch.results.copy", copy),
    action("hunch.results.openAll", (node) => openAll(filesOf(node), open)),
  );

  return {
    addSearch: (query, answer) => {
      history.add(query);
      add(createEntry({ kind: "search", query }, answer, Date.now()));
    },
    addSimilar: (title, params, answer) => add(createEntry({ kind: "similar", title, params }, answer, Date.now())),
    dispose: () => all.dispose(),
  };
}

function markdownOf(node: Node): string {
  switch (node.type) {
    case "entry":
      return entryMarkdown(node.entry, pathOf, t);
    case "file":
      return fileMarkdown(node.group, pathOf, t);
    case "hit":
      return hitMarkdown(node.hit, pathOf, t);
  }
}

function filesOf(node: Node) {
  const root = node.type === "entry" ? node : node.type === "file" ? node.parent : node.parent.parent;
  return root.files.map((file) => file.group);
}
