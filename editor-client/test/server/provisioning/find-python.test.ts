import { delimiter, dirname, join } from "node:path";
import { expect, test } from "vitest";
import { findPythons, pythonPaths } from "../../../src/server/provisioning/find-python.js";
import { emptyEnvironment, newFolder, oldPython, options, realPython, script } from "./programs.js";

const places = (folder: string, PATH: string) => ({ preferred: [], env: { PATH }, home: folder, shunned: [] });

test("what the person has chosen is asked first, and what is in the workspace is not", async () => {
  const folder = newFolder();
  const workspace = join(folder, "workspace");
  const inWorkspace = script(join(workspace, ".venv", "bin", "python3"), "#!/bin/sh\n");
  const chosen = script(join(folder, "chosen", "python"), "#!/bin/sh\n");
  const PATH = [dirname(inWorkspace), dirname(realPython())].join(delimiter);
  const all = { ...places(folder, PATH), preferred: [chosen] };
  expect((await pythonPaths(all)).slice(0, 2)).toEqual([chosen, inWorkspace]);
  expect(await pythonPaths({ ...all, shunned: [workspace] })).not.toContain(inWorkspace);
});

test("versions that a version manager keeps are found, newest first", async () => {
  const home = newFolder();
  const versions = ["3.9.2", "3.13.1", "3.10.4"].map((name) =>
    script(join(home, ".pyenv", "versions", name, "bin", "python"), "#!/bin/sh\n"),
  );
  const found = (await pythonPaths(places(home, ""))).filter((path) => path.startsWith(home));
  expect(found).toEqual([versions[1], versions[2], versions[0]]);
});

test("an environment of the workspace is not run by another name", async () => {
  const folder = newFolder();
  const { python } = emptyEnvironment(join(folder, "workspace", ".venv"));
  const shim = script(join(folder, "shims", "python3"), `#!/bin/sh\nexec "${python}" "$@"\n`);
  const shunned = [join(folder, "workspace")];
  const all = { ...places(folder, dirname(shim)), preferred: [shim], shunned };
  const { usable } = await findPythons(all, options(folder));
  expect(usable.map((found) => found.path)).not.toContain(shim);
});

test("an interpreter with several names counts once, an environment of it as another one", async () => {
  const folder = newFolder();
  const real = realPython();
  const { python } = emptyEnvironment(join(folder, "environment"));
  const same = script(join(folder, "bin", "python3"), `#!/bin/sh\nexec "${real}" "$@"\n`);
  const { usable } = await findPythons({ ...places(folder, ""), preferred: [real, same, python] }, options(folder));
  expect(usable.filter(({ path }) => [real, same, python].includes(path)).map(({ path }) => path)).toEqual([
    real,
    python,
  ]);
});

test.runIf(oldPython())("one that is too old is passed over for one that is new enough", async () => {
  const folder = newFolder();
  const PATH = dirname(oldPython() ?? "");
  const all = { ...places(folder, PATH), preferred: [oldPython() ?? "", realPython()] };
  const { usable, old } = await findPythons(all, options(folder), true);
  expect(usable[0]?.executable).toBe(realPython());
  expect(old[0]?.version.slice(0, 1)).toEqual([3]);
});
