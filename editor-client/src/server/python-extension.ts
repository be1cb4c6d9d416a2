// The environments that are selected in the editor, where the Python extension is there. It never has to be.

import * as vscode from "vscode";

/** What is used of the extension's public interface. */
interface PythonApi {
  readonly environments?: {
    getActiveEnvironmentPath(resource?: vscode.Uri): { readonly path: string };
    resolveEnvironment(path: unknown): Promise<{ readonly executable: { readonly uri?: vscode.Uri } } | undefined>;
    readonly onDidChangeActiveEnvironmentPath?: vscode.Event<unknown>;
  };
}

const PATIENCE_MS = 10_000;

/** The interpreters of the selected environments, one for each workspace folder; none without the extension. */
export async function selectedInterpreters(log: vscode.LogOutputChannel): Promise<string[]> {
  const environments = (await pythonApi(log))?.environments;
  if (!environments) return [];
  const found = new Set<string>();
  for (const folder of vscode.workspace.workspaceFolders ?? [undefined]) {
    try {
      const active = environments.getActiveEnvironmentPath(folder?.uri);
      const environment = await within(environments.resolveEnvironment(active));
      const path = environment?.executable.uri?.fsPath;
      if (path) found.add(path);
    } catch (error) {
      log.warn(`the Python extension does not say which environment is selected: ${error}`);
    }
  }
  return [...found];
}

/** Calls back when another environment is selected, once the Python extension is there. */
export async function watchSelected(log: vscode.LogOutputChannel, changed: () => void): Promise<vscode.Disposable> {
  const event = (await pythonApi(log))?.environments?.onDidChangeActiveEnvironmentPath;
  return event ? event(() => changed()) : new vscode.Disposable(() => {});
}

async function pythonApi(log: vscode.LogOutputChannel): Promise<PythonApi | undefined> {
  const extension = vscode.extensions.getExtension<PythonApi>("ms-python.python");
  if (!extension) return undefined;
  try {
    return extension.isActive ? extension.exports : await within(extension.activate());
  } catch (error) {
    log.warn(`the Python extension does not start: ${error}`);
    return undefined;
  }
}

async function within<T>(waiting: Thenable<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), PATIENCE_MS);
  });
  try {
    return await Promise.race([waiting, late]);
  } finally {
    clearTimeout(timer);
  }
}
