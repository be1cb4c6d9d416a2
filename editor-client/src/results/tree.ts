// The tree of the results view: questions, their files, the hits in each file.

import * as vscode from "vscode";
import type { Hit } from "../protocol.js";
import { iconOf, placeOf, type Translate } from "../search/describe.js";
import type { Entry } from "./entries.js";
import { type FileGroup, groupByFile } from "./grouping.js";
import { entryLabel, entryTooltip, fileLabel, hitLabel, type Label, momentOf } from "./labels.js";
import { hitTooltip } from "./markdown.js";

/** Run by the editor when a hit is chosen in the tree; its argument is the node. */
export const OPEN_HIT = "hunch.results.openHit";

export interface EntryNode {
  readonly type: "entry";
  readonly id: string;
  readonly entry: Entry;
  readonly files: readonly FileNode[];
}

export interface FileNode {
  readonly type: "file";
  readonly id: string;
  readonly group: FileGroup;
  readonly parent: EntryNode;
  readonly hits: readonly HitNode[];
}

export interface HitNode {
  readonly type: "hit";
  readonly id: string;
  readonly hit: Hit;
  readonly parent: FileNode;
}

export type Node = EntryNode | FileNode | HitNode;

export interface Tree extends vscode.TreeDataProvider<Node> {
  readonly roots: readonly EntryNode[];
  show(entries: readonly Entry[]): void;
}

export function createTree(t: Translate): Tree & vscode.Disposable {
  const changed = new vscode.EventEmitter<undefined>();
  let roots: readonly EntryNode[] = [];
  return {
    get roots() {
      return roots;
    },
    onDidChangeTreeData: changed.event,
    show: (entries) => {
      // Unchanged entries keep their nodes; the editor keeps what is open and chosen by the nodes' ids.
      const known = new Map(roots.map((root) => [root.entry, root]));
      roots = entries.map((entry) => known.get(entry) ?? createNode(entry));
      changed.fire(undefined);
    },
    getChildren: (node) => (node === undefined ? [...roots] : [...childrenOf(node)]),
    getParent: (node) => (node.type === "entry" ? undefined : node.parent),
    getTreeItem: (node) => itemOf(node, node === roots[0], t),
    resolveTreeItem: (item, node) => {
      if (node.type === "hit") {
        item.tooltip = new vscode.MarkdownString(
          hitTooltip(node.hit, placeOf(node.hit, folderNameOf(node.hit.folder)), t),
        );
      }
      return item;
    },
    dispose: () => changed.dispose(),
  };
}

/** The path of a hit or a file, with its workspace folder's name in front when there are several. */
export function pathOf(place: { readonly folder: string; readonly path: string }): string {
  const name = folderNameOf(place.folder);
  return name === undefined ? place.path : `${name}/${place.path}`;
}

export function entryOf(node: Node): Entry {
  switch (node.type) {
    case "entry":
      return node.entry;
    case "file":
      return node.parent.entry;
    case "hit":
      return node.parent.parent.entry;
  }
}

function childrenOf(node: Node): readonly Node[] {
  switch (node.type) {
    case "entry":
      return node.files;
    case "file":
      return node.hits;
    case "hit":
      return [];
  }
}

function createNode(entry: Entry): EntryNode {
  const files: FileNode[] = [];
  const root: EntryNode = { type: "entry", id: entry.id, entry, files };
  for (const group of groupByFile(entry.hits)) {
    const hits: HitNode[] = [];
    const parent: FileNode = { type: "file", id: `${root.id}\n${group.uri}`, group, parent: root, hits };
    const seen = new Map<string, number>();
    for (const hit of group.hits) {
      // By name and not by line, so that a hit is the same one after an edit above it.
      const name = `${hit.kind} ${hit.qualifiedName}`;
      const before = seen.get(name) ?? 0;
      seen.set(name, before + 1);
      hits.push({ type: "hit", id: `${parent.id}\n${name} ${before}`, hit, parent });
    }
    files.push(parent);
  }
  return root;
}

function itemOf(node: Node, isNewest: boolean, t: Translate): vscode.TreeItem {
  const { Expanded, Collapsed, None } = vscode.TreeItemCollapsibleState;
  const moment = (time: number) => momentOf(time, Date.now(), vscode.env.language, t);
  switch (node.type) {
    case "entry": {
      const { entry } = node;
      const state = entry.hits.length === 0 ? None : isNewest ? Expanded : Collapsed;
      const item = createItem(node.id, entryLabel(entry, moment, t), state);
      item.contextValue = entry.question.kind;
      item.iconPath = new vscode.ThemeIcon(entryIcon(entry));
      item.tooltip = entryTooltip(entry, moment, t);
      return item;
    }
    case "file": {
      const { group } = node;
      const item = createItem(node.id, fileLabel(group, folderNameOf(group.folder), t), Expanded);
      item.contextValue = "file";
      item.resourceUri = vscode.Uri.parse(group.uri);
      item.iconPath = vscode.ThemeIcon.File;
      item.tooltip = pathOf(group);
      return item;
    }
    case "hit": {
      const item = createItem(node.id, hitLabel(node.hit, t), None);
      item.contextValue = "hit";
      item.iconPath = new vscode.ThemeIcon(iconOf(node.hit.kind));
      item.command = { command: OPEN_HIT, title: t("Open"), arguments: [node] };
      return item; // its tooltip is made when it is asked for
    }
  }
}

function createItem(id: string, words: Label, state: vscode.TreeItemCollapsibleState): vscode.TreeItem {
  const item = new vscode.TreeItem(words.label, state);
  item.id = id;
  item.description = words.description;
  item.accessibilityInformation = { label: words.spoken };
  return item;
}

function entryIcon(entry: Entry): string {
  if (entry.answerability === "none" || entry.hits.length === 0) {
    return "circle-slash";
  }
  return entry.question.kind === "search" ? "search" : "references";
}

/** Undefined where there is one workspace folder, whose name says nothing. */
function folderNameOf(folder: string): string | undefined {
  const folders = vscode.workspace.workspaceFolders ?? [];
  const uri = vscode.Uri.parse(folder).toString();
  return folders.length > 1 ? folders.find((one) => one.uri.toString() === uri)?.name : undefined;
}
