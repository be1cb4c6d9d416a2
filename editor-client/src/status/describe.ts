// The state of the server in the words of the status bar. Pure; `t` translates.

import type { FolderStatus, Phase } from "../protocol.js";
import type { Translate } from "../search/describe.js";
import type { ServerState } from "../server/connection.js";

export interface StatusText {
  readonly icon: string;
  readonly text: string;
  readonly tooltip: string;
  readonly severity: "none" | "warning" | "error";
}

/** One phase for all folders: what a person has to know first. */
export function phaseOf(folders: readonly FolderStatus[]): Phase {
  const order: readonly Phase[] = ["problem", "indexing", "starting", "paused", "ready", "following"];
  return order.find((phase) => folders.some((folder) => folder.phase === phase)) ?? "ready";
}

export function describeState(state: ServerState, t: Translate): StatusText {
  switch (state.kind) {
    case "missing":
      return { icon: "warning", text: t("Hunch: set up"), tooltip: state.message, severity: "warning" };
    case "installing":
      return { icon: "sync~spin", text: t("Hunch: setting up"), tooltip: state.message, severity: "none" };
    case "starting":
      return { icon: "sync~spin", text: t("Hunch: starting"), tooltip: t("Hunch is starting"), severity: "none" };
    case "failed":
      return { icon: "error", text: t("Hunch: stopped"), tooltip: state.message, severity: "error" };
    case "running":
      return state.status === undefined
        ? { icon: "sync~spin", text: t("Hunch: starting"), tooltip: t("Hunch is starting"), severity: "none" }
        : describeFolders(state.status.folders, t);
  }
}

/** How many files can be found now. */
export function indexedFiles(state: ServerState): number {
  return foldersOf(state).reduce((sum, folder) => sum + folder.files, 0);
}

export function isWholeIndex(state: ServerState): boolean {
  const folders = foldersOf(state);
  return folders.length > 0 && folders.every((folder) => folder.complete);
}

export function isPaused(state: ServerState): boolean {
  return foldersOf(state).some((folder) => folder.phase === "paused" && folder.pausedBy === "user");
}

export function foldersOf(state: ServerState): readonly FolderStatus[] {
  return state.kind === "running" ? (state.status?.folders ?? []) : [];
}

function describeFolders(folders: readonly FolderStatus[], t: Translate): StatusText {
  if (folders.length === 0) {
    return {
      icon: "search-fuzzy",
      text: t("Hunch"),
      tooltip: t("Open a folder, and Hunch finds code in it"),
      severity: "none",
    };
  }
  const lines = folders.map((folder) => (folders.length > 1 ? `${nameOf(folder)}: ${folder.message}` : folder.message));
  const files = folders.reduce((sum, folder) => sum + folder.files, 0);
  const chunks = folders.reduce((sum, folder) => sum + folder.chunks, 0);
  const tooltip = [...lines, t("{0} files, {1} pieces of code", count(files), count(chunks))].join("\n");
  switch (phaseOf(folders)) {
    case "problem":
      return { icon: "warning", text: t("Hunch: problem"), tooltip, severity: "warning" };
    case "indexing": {
      const done = folders.reduce((sum, folder) => sum + folder.done, 0);
      const total = folders.reduce((sum, folder) => sum + folder.total, 0);
      const text =
        total > 0 ? t("Hunch: indexing {0} of {1}", count(done), count(total)) : t("Hunch: looking through the folder");
      return { icon: "sync~spin", text, tooltip, severity: "none" };
    }
    case "starting":
      return { icon: "sync~spin", text: t("Hunch: starting"), tooltip, severity: "none" };
    case "paused":
      return { icon: "debug-pause", text: t("Hunch: paused"), tooltip, severity: "none" };
    default:
      return { icon: "search-fuzzy", text: t("Hunch"), tooltip, severity: "none" };
  }
}

function nameOf(folder: FolderStatus): string {
  return decodeURIComponent(folder.uri.replace(/\/+$/, "").split("/").at(-1) ?? folder.uri);
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}
