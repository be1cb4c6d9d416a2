// The filter button of the search: languages, kinds and places to choose from, put into the query as text.

import * as vscode from "vscode";
import type { Answer } from "../protocol.js";
import { type Filter, filterText, splitQuery, withoutFilters, withToggled } from "./query.js";

const KINDS = [
  "function",
  "method",
  "class",
  "interface",
  "struct",
  "enum",
  "trait",
  "type",
  "macro",
  "constant",
  "section",
  "entry",
  "file",
];

interface FilterItem extends vscode.QuickPickItem {
  readonly filter?: Filter;
  readonly clears?: boolean;
}

/** Asks for a filter; the changed query, or undefined when the person thought better of it. */
export async function chooseFilter(query: string, answer: Answer | undefined): Promise<string | undefined> {
  const chosen = await vscode.window.showQuickPick(itemsFor(query, answer), {
    title: vscode.l10n.t("Filter the Search"),
    placeHolder: vscode.l10n.t("Choose what to look for, or a filter that is on to take it off"),
    matchOnDescription: true,
  });
  if (chosen?.clears) {
    return withoutFilters(query);
  }
  return chosen?.filter && withToggled(query, chosen.filter);
}

function itemsFor(query: string, answer: Answer | undefined): FilterItem[] {
  const on = splitQuery(query).filters;
  const isOn = new Set(on.map(filterText));
  const item = (filter: Filter, label: string): FilterItem => ({
    label: isOn.has(filterText(filter)) ? `$(check) ${label}` : label,
    description: filterText(filter),
    filter,
  });
  const heading = (label: string): FilterItem => ({ label, kind: vscode.QuickPickItemKind.Separator });
  const languages = [...new Set((answer?.hits ?? []).map((hit) => hit.language))].sort();
  const active = activeLanguage();
  const choices = active === undefined || languages.includes(active) ? languages : [active, ...languages];
  const folder = activeFolder();
  return [
    ...(on.length > 0 ? [{ label: vscode.l10n.t("$(clear-all) Take all filters off"), clears: true }] : []),
    heading(vscode.l10n.t("Place")),
    ...(folder === undefined
      ? []
      : [item({ name: "path", value: folder, negative: false }, vscode.l10n.t("Only in the folder of this file"))]),
    item({ name: "path", value: "*test*", negative: true }, vscode.l10n.t("Without tests")),
    heading(vscode.l10n.t("Content")),
    item({ name: "content", value: "code", negative: false }, vscode.l10n.t("Only code")),
    item({ name: "content", value: "docs", negative: false }, vscode.l10n.t("Only documentation")),
    item({ name: "content", value: "config", negative: false }, vscode.l10n.t("Only configuration")),
    item({ name: "content", value: "all", negative: false }, vscode.l10n.t("Everything alike, code not first")),
    heading(vscode.l10n.t("Language")),
    ...choices.map((name) => item({ name: "lang", value: name, negative: false }, name)),
    heading(vscode.l10n.t("Kind")),
    ...KINDS.map((name) => item({ name: "kind", value: name, negative: false }, name)),
  ];
}

function activeLanguage(): string | undefined {
  const id = vscode.window.activeTextEditor?.document.languageId;
  const plain = new Set(["plaintext", "log", "code-text-binary", undefined]);
  return plain.has(id) ? undefined : (id?.replace(/react$/, "") ?? undefined);
}

/** The folder of the file in front, relative to its workspace folder; undefined at the top. */
function activeFolder(): string | undefined {
  const uri = vscode.window.activeTextEditor?.document.uri;
  if (uri === undefined || vscode.workspace.getWorkspaceFolder(uri) === undefined) {
    return undefined;
  }
  const path = vscode.workspace.asRelativePath(uri, false).split("/").slice(0, -1).join("/");
  return path === "" ? undefined : path;
}
