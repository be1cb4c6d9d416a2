// Finds the Pythons that an environment can be made from, and lets the person choose one.

import { readdir } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import * as vscode from "vscode";
import { isExecutable, isInside, onPath } from "./paths.js";
import { type ProbeOptions, type Python, probePython } from "./probe.js";
import { isNewEnough, isOldEnough } from "./versions.js";

export interface PythonPlaces {
  /** Asked first: the interpreters that the person has chosen somewhere. */
  readonly preferred: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly home: string;
  /** Folders in which none counts. */
  readonly shunned: readonly string[];
}

export interface FoundPythons {
  /** That an environment can be made from, the best first. */
  readonly usable: readonly Python[];
  /** That are too old. */
  readonly old: readonly Python[];
  /** That are new enough, and have no module venv or ensurepip. */
  readonly bare: readonly Python[];
}

/**
 * Asks interpreters in the usual places, each only once.
 * @param isEnough whether to stop at the first one that nothing would be preferred to
 */
export async function findPythons(
  places: PythonPlaces,
  options: ProbeOptions,
  isEnough = false,
): Promise<FoundPythons> {
  const found: Python[] = [];
  const seen = new Set<string>();
  for (const path of await pythonPaths(places)) {
    if (options.signal?.aborted) break;
    const answer = await probePython(path, options);
    if (!("ok" in answer)) continue;
    const identity = `${answer.ok.prefix} ${answer.ok.version}`;
    if (seen.has(identity)) continue;
    seen.add(identity);
    if (places.shunned.some((folder) => isInside(answer.ok.executable, folder))) continue;
    found.push(answer.ok);
    if (isEnough && answer.ok.canMakeEnvironments && isOrdinary(answer.ok)) break;
  }
  return rankPythons(found);
}

/** Ordinary builds that packages exist for come first; otherwise the order stays. */
export function rankPythons(found: readonly Python[]): FoundPythons {
  const fresh = found.filter((python) => isNewEnough(python.version));
  const capable = fresh.filter((python) => python.canMakeEnvironments);
  return {
    usable: [...capable.filter(isOrdinary), ...capable.filter((python) => !isOrdinary(python))],
    old: found.filter((python) => !isNewEnough(python.version)),
    bare: fresh.filter((python) => !python.canMakeEnvironments),
  };
}

function isOrdinary(python: Python): boolean {
  return python.isUsual && isNewEnough(python.version) && isOldEnough(python.version);
}

/** Every path that may be an interpreter, in the order in which they are asked. */
export async function pythonPaths(places: PythonPlaces): Promise<string[]> {
  const { env, home, shunned } = places;
  const paths: string[] = [...places.preferred];
  for (const name of ["python3", "python", "python3.14", "python3.13", "python3.12", "python3.11", "python3.10"]) {
    paths.push(...(await onPath(name, env, shunned)));
  }
  if (process.platform === "win32") {
    const programs = [env.LOCALAPPDATA && join(env.LOCALAPPDATA, "Programs", "Python"), env.ProgramFiles];
    for (const folder of programs) if (folder) paths.push(...(await inside(folder, /^Python3\d+$/, "python.exe")));
  } else {
    for (const folder of ["/opt/homebrew/bin", "/usr/local/bin"]) paths.push(join(folder, "python3"));
    paths.push(...(await inside(join(home, ".pyenv", "versions"), /^3\./, "bin/python")));
    paths.push(...(await inside(join(home, ".local", "share", "uv", "python"), /^cpython-3/, "bin/python3")));
    paths.push("/usr/bin/python3");
  }
  // Apple's stand-in asks to install its developer tools when it is run: the last resort.
  const last = (path: string) => process.platform === "darwin" && path === "/usr/bin/python3";
  const wanted = [...new Set(paths)].filter((path) => !shunned.some((folder) => isInside(path, folder)));
  const there: string[] = [];
  for (const path of [...wanted.filter((path) => !last(path)), ...wanted.filter(last)]) {
    if (await isExecutable(path)) there.push(path);
  }
  return there;
}

async function inside(folder: string, name: RegExp, file: string): Promise<string[]> {
  const names = (await readdir(folder).catch(() => [])).filter((one) => name.test(one));
  // Newest first, by number: 3.9 comes after 3.13.
  names.sort((one, other) => other.localeCompare(one, "en", { numeric: true }));
  return names.map((one) => join(folder, one, file));
}

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
