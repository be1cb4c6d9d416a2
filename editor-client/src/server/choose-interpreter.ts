// Lets the person choose a Python.

import { homedir } from "node:os";
import * as vscode from "vscode";
import type { ProbeOptions } from "./probe.js";
import { findPythons } from "./python.js";

interface Choice extends vscode.QuickPickItem {
  readonly path?: string;
}

/** Returns the path that was chosen, if any. */
export async function chooseInterpreter(
  options: ProbeOptions,
  preferred: readonly string[],
): Promise<string | undefined> {
  const places = { preferred, env: options.env, home: homedir(), shunned: [] };
  const browse: Choice = { label: vscode.l10n.t("Browse\u2026"), iconPath: new vscode.ThemeIcon("folder-opened") };
  const choices = findPythons(places, options).then(({ usable, bare }): Choice[] => [
    browse,
    ...[...usable, ...bare].map((python) => ({
      label: `Python ${python.version.join(".")}`,
      description: python.executable,
      detail: python.hasHunch
        ? vscode.l10n.t("Has hunch")
        : python.canMakeEnvironments
          ? vscode.l10n.t("Hunch makes an environment of its own from it")
          : vscode.l10n.t("Cannot make environments: it lacks venv or ensurepip"),
      path: python.path,
    })),
  ]);
  const chosen = await vscode.window.showQuickPick(choices, {
    title: vscode.l10n.t("Hunch: Choose an Interpreter"),
    placeHolder: vscode.l10n.t("A Python, 3.10 or newer, that has hunch or that an environment is made from"),
    matchOnDescription: true,
  });
  return chosen && (chosen.path ?? browseForFile());
}

async function browseForFile(): Promise<string | undefined> {
  const chosen = await vscode.window.showOpenDialog({
    title: vscode.l10n.t("Choose a Python interpreter"),
    openLabel: vscode.l10n.t("Use This Python"),
    canSelectFiles: true,
    canSelectMany: false,
  });
  return chosen?.[0]?.fsPath;
}
