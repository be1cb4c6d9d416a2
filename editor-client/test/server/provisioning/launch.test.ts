import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Launch, launchInterpreter, launchOwn, safeEnvironment } from "../../../src/server/provisioning/launch.js";
import { isInside } from "../../../src/server/provisioning/paths.js";
import type { PythonVersion } from "../../../src/server/provisioning/versions.js";
import { emptyEnvironment, fakeModule, newFolder, script } from "./programs.js";

test("PYTHONPATH keeps what is outside of the workspace", () => {
  const env = safeEnvironment({ PYTHONPATH: "/lib/py:/projects/a/src::relative:/projects/ab" }, ["/projects/a"]);
  expect(env.PYTHONPATH).toBe("/lib/py:/projects/ab");
  expect(safeEnvironment({ PYTHONPATH: "/projects/a" }, ["/projects/a"])).not.toHaveProperty("PYTHONPATH");
});

test("what would change how Python starts is left out, the rest stays", () => {
  const env = safeEnvironment({ PYTHONHOME: "/x", ELECTRON_RUN_AS_NODE: "1", PIP_INDEX_URL: "https://index" }, []);
  expect(env).toEqual({ PYTHONUTF8: "1", PIP_INDEX_URL: "https://index" });
});

test.each([
  ["/a/b", "/a", true],
  ["/a", "/a", true],
  ["/a/..b", "/a", true],
  ["/ab", "/a", false],
  ["/", "/a", false],
])("%s inside %s: %s", (path, folder, expected) => {
  expect(isInside(path, folder)).toBe(expected);
});

test.each([
  ["an interpreter", (python: string) => launchInterpreter(python, versionOf(python))],
  ["the own environment", launchOwn],
])("modules of the workspace are not imported by %s", (_, launch) => {
  const folder = newFolder();
  const { python, modules } = emptyEnvironment(join(folder, "env"));
  fakeModule(modules);
  const trap = 'raise SystemExit("the workspace\'s module was run")\n';
  const workspace = join(folder, "workspace");
  for (const name of ["hunch", "runpy", "onnxruntime", "sitecustomize", "usercustomize"]) {
    script(join(workspace, `${name}.py`), trap);
  }
  const env = { ...safeEnvironment({ ...process.env, PYTHONPATH: workspace }, [workspace]) };
  // Even when the current folder is the workspace, which it never is.
  expect(say(launch(python), { cwd: workspace, env })).toBe("hunch 0.1.0\n");
});

function versionOf(python: string): PythonVersion {
  const [major = 0, minor = 0] = execFileSync(python, ["-V"], { encoding: "utf8" }).slice(7).split(".").map(Number);
  return [major, minor, 0];
}

function say(launch: Launch, options: { cwd: string; env: NodeJS.ProcessEnv }): string {
  return execFileSync(launch.command, [...launch.args, "--version"], { ...options, encoding: "utf8" });
}
