import { join } from "node:path";
import { expect, test } from "vitest";
import { launchCommand } from "../../../src/server/provisioning/launch.js";
import { onPath } from "../../../src/server/provisioning/paths.js";
import { probeInterpreter, probePython, probeServer } from "../../../src/server/provisioning/probe.js";
import {
  emptyEnvironment,
  fakeHunch,
  fakeModule,
  newFolder,
  oldPython,
  options,
  realPython,
  script,
} from "./programs.js";

const ask = (path: string, folder: string, limitMs = 10_000) =>
  probeServer(launchCommand(path), options(folder, { limitMs }));

test("a command that fits says its version", async () => {
  const folder = newFolder();
  expect(await ask(fakeHunch(join(folder, "bin ü", "hunch"), "0.1.7"), folder)).toEqual({ ok: "0.1.7" });
});

test("a command of another minor version does not fit", async () => {
  const folder = newFolder();
  expect(await ask(fakeHunch(join(folder, "hunch"), "0.2.0"), folder)).toEqual({
    problem: { kind: "other-version", version: "0.2.0" },
  });
});

test("a command that hangs is ended, with what it started", async () => {
  const folder = newFolder();
  const hanging = script(join(folder, "hunch"), "#!/bin/sh\nsleep 30 &\nsleep 30\n");
  const began = performance.now();
  expect(await ask(hanging, folder, 300)).toEqual({ problem: { kind: "too-slow", seconds: 0 } });
  expect(performance.now() - began).toBeLessThan(3_000);
});

test("a command that fails tells its last words", async () => {
  const folder = newFolder();
  const failing = script(join(folder, "hunch"), "#!/bin/sh\necho first >&2\necho 'no libstdc++' >&2\nexit 1\n");
  expect(await ask(failing, folder)).toEqual({ problem: { kind: "broken", said: "no libstdc++" } });
});

test("another program that is called hunch is told apart", async () => {
  const folder = newFolder();
  const other = script(join(folder, "hunch"), "#!/bin/sh\necho 'Hunch analytics 7'\n");
  expect(await ask(other, folder)).toEqual({ problem: { kind: "not-hunch", said: "Hunch analytics 7" } });
});

test("what cannot be run is told apart", async () => {
  const folder = newFolder();
  expect(await ask(join(folder, "nothing"), folder)).toEqual({ problem: { kind: "missing-file" } });
  expect(await ask(folder, folder)).toEqual({ problem: { kind: "folder" } });
  expect(await ask(script(join(folder, "text"), "#!/bin/sh\n", 0o644), folder)).toEqual({
    problem: { kind: "not-executable" },
  });
  const gone = script(join(folder, "gone"), "#!/no/such/python\n");
  expect(await ask(gone, folder)).toMatchObject({ problem: { kind: "broken" } });
  const binary = script(join(folder, "binary"), "\u007f\u0001\u0002 no program");
  expect(await ask(binary, folder)).toMatchObject({ problem: { kind: /not-executable|broken/ } });
});

test("an interpreter says what it is", async () => {
  const folder = newFolder();
  expect(await probePython(realPython(), options(folder))).toMatchObject({
    ok: { executable: realPython(), hasHunch: false, canMakeEnvironments: true, isUsual: true },
  });
});

test("an interpreter with hunch in an environment is used as it is named", async () => {
  const folder = newFolder();
  const { python, modules } = emptyEnvironment(join(folder, "environment ä"));
  expect(await probeInterpreter(python, options(folder))).toMatchObject({ problem: { kind: "no-hunch" } });
  fakeModule(modules, "0.1.3");
  const answer = await probeInterpreter(python, options(folder));
  expect(answer).toMatchObject({ ok: { version: "0.1.3", launch: { command: python }, python: { path: python } } });
  fakeModule(modules, "0.30.0");
  expect(await probeInterpreter(python, options(folder))).toEqual({
    problem: { kind: "other-version", version: "0.30.0" },
  });
});

test("a module hunch that is something else is told apart", async () => {
  const folder = newFolder();
  const { python, modules } = emptyEnvironment(join(folder, "env"));
  script(join(modules, "hunch.py"), "print('analytics')\n");
  expect(await probeInterpreter(python, options(folder))).toEqual({
    problem: { kind: "not-hunch", said: "analytics" },
  });
});

test("a program that is no Python is told apart", async () => {
  const folder = newFolder();
  const answer = await probePython(
    script(join(folder, "python"), "#!/bin/sh\necho 'not me' >&2\nexit 3\n"),
    options(folder),
  );
  expect(answer).toEqual({ problem: { kind: "not-python", said: "not me" } });
});

test.runIf(oldPython())("a Python that is too old says its version", async () => {
  const folder = newFolder();
  expect(await probeInterpreter(oldPython() ?? "", options(folder))).toMatchObject({
    problem: { kind: "old-python", version: expect.stringMatching(/^3\.[6-9]\./) },
  });
});

test("a cancelled question ends at once", async () => {
  const folder = newFolder();
  const cancelling = new AbortController();
  setTimeout(() => cancelling.abort(), 100);
  const began = performance.now();
  const hanging = script(join(folder, "hunch"), "#!/bin/sh\nsleep 30\n");
  await probeServer(launchCommand(hanging), options(folder, { signal: cancelling.signal }));
  expect(performance.now() - began).toBeLessThan(3_000);
});

test("PATH is searched in its order, without relative and shunned folders", async () => {
  const folder = newFolder();
  const first = fakeHunch(join(folder, "one", "hunch"));
  const second = fakeHunch(join(folder, "two", "hunch"));
  script(join(folder, "three", "hunch"), "text", 0o644);
  const PATH = ["one", "two", "three", "one"].map((name) => join(folder, name)).join(":");
  expect(await onPath("hunch", { PATH: `.:${PATH}` })).toEqual([first, second]);
  expect(await onPath("hunch", { PATH }, [join(folder, "one")])).toEqual([second]);
});
