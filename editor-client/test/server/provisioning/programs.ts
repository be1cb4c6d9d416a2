// Real programs for the tests: scripts in folders of their own, and the Pythons of this machine.

import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { safeEnvironment } from "../../../src/server/provisioning/launch.js";
import type { ProbeOptions } from "../../../src/server/provisioning/probe.js";

/** A new folder that is removed after the test, with a name that programs trip over. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "hünch with späces "));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** An executable script. */
export function script(path: string, text: string, mode = 0o755): string {
  mkdirSync(dirname(path), { recursive: true });
  // It may be a link to a program of the system, which must not be written to.
  rmSync(path, { force: true });
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

/** A command that says to be a version of hunch. */
export function fakeHunch(path: string, version = "0.1.0"): string {
  return script(path, `#!/bin/sh\n[ "$1" = --version ] && echo "hunch ${version}"\n`);
}

export function options(cwd: string, changes: Partial<ProbeOptions> = {}): ProbeOptions {
  return { cwd, env: safeEnvironment(process.env, []), wanted: "0.1.0", ...changes };
}

/** An interpreter of this machine of 3.10 or newer: what a shim or an environment stands for. */
export function realPython(): string {
  return execFileSync("python3", ["-c", "import sys; print(sys._base_executable)"], { encoding: "utf8" }).trim();
}

/** An interpreter that is too old, where the machine has one. */
export function oldPython(): string | undefined {
  const versions = join(homedir(), ".pyenv", "versions");
  const names = existsSync(versions) ? readdirSync(versions) : [];
  const old = names.find((name) => /^3\.[6-9]\./.test(name));
  return old && join(versions, old, "bin", "python");
}

/** An environment without pip, made in a moment; modules can be put into it. */
export function emptyEnvironment(folder: string): { readonly python: string; readonly modules: string } {
  execFileSync(realPython(), ["-m", "venv", "--without-pip", folder]);
  const python = join(folder, "bin", "python");
  const asked = "import sysconfig; print(sysconfig.get_path('purelib'))";
  return { python, modules: execFileSync(python, ["-c", asked], { encoding: "utf8" }).trim() };
}

/** Puts a module into a folder that says to be a version of hunch. */
export function fakeModule(modules: string, version = "0.1.0"): void {
  script(join(modules, "hunch", "__init__.py"), "");
  script(join(modules, "hunch", "__main__.py"), `import sys\nif "--version" in sys.argv: print("hunch ${version}")\n`);
}
