import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Places } from "../../../src/server/provisioning/candidates.js";
import type { Environment } from "../../../src/server/provisioning/environment.js";
import { findServer } from "../../../src/server/provisioning/find-server.js";
import { emptyEnvironment, fakeHunch, fakeModule, newFolder, options, realPython } from "./programs.js";

const nowhere: Places = {
  trusted: true,
  command: undefined,
  interpreter: undefined,
  selected: [],
  onPath: [],
  own: [],
};

function ownEnvironment(folder: string): Environment {
  const { python, modules } = emptyEnvironment(folder);
  fakeModule(modules);
  return {
    folder,
    interpreter: python,
    version: "0.1.0",
    hash: "0",
    python: execFileSync(python, ["-V"], { encoding: "utf8" }).slice(7).split(".").slice(0, 2).join("."),
  };
}

test("places that do not fit are passed over, and noted", async () => {
  const folder = newFolder();
  const { python } = emptyEnvironment(join(folder, "selected"));
  const onPath = [fakeHunch(join(folder, "old", "hunch"), "0.0.9"), fakeHunch(join(folder, "new", "hunch"))];
  const { found, refused, notes } = await findServer({ ...nowhere, selected: [python], onPath }, [], options(folder));
  expect(found).toMatchObject({ candidate: { source: "path", path: onPath[1] }, version: "0.1.0" });
  expect(refused).toBeUndefined();
  expect(notes.map((note) => note.problem?.kind ?? note.version)).toEqual(["no-hunch", "other-version", "0.1.0"]);
});

test("what a setting names is refused without looking further", async () => {
  const folder = newFolder();
  const own = ownEnvironment(join(folder, "own"));
  const places = {
    ...nowhere,
    command: { written: "./hunch", paths: [join(folder, "hunch")] },
    onPath: [fakeHunch(join(folder, "bin", "hunch"))],
    own: [own.interpreter],
  };
  const search = await findServer(places, [own], options(folder));
  expect(search.found).toBeUndefined();
  expect(search.refused).toMatchObject({ candidate: { source: "command" }, problem: { kind: "missing-file" } });
});

test("an interpreter without hunch stands for the environment that was made from it", async () => {
  const folder = newFolder();
  const own = ownEnvironment(join(folder, "own"));
  const places = { ...nowhere, interpreter: { written: "python3", path: realPython() } };
  const { found } = await findServer(places, [own], options(folder));
  expect(found).toMatchObject({ candidate: { source: "own" }, environment: own.folder });
  const other = { ...own, python: "3.99" };
  const { refused } = await findServer(places, [other], options(folder));
  expect(refused).toMatchObject({ problem: { kind: "no-hunch" } });
});

test("in restricted mode a hunch on PATH is not even asked", async () => {
  const folder = newFolder();
  const own = ownEnvironment(join(folder, "own"));
  const places = { ...nowhere, trusted: false, onPath: [fakeHunch(join(folder, "hunch"))], own: [own.interpreter] };
  const { found, notes } = await findServer(places, [own], options(folder));
  expect(found).toMatchObject({ candidate: { source: "own" } });
  expect(notes).toHaveLength(1);
});

test("a plain name that is not on PATH is no file of the current folder", async () => {
  const folder = newFolder();
  const { refused } = await findServer(
    { ...nowhere, command: { written: "package.json", paths: [] } },
    [],
    options(folder),
  );
  expect(refused?.problem).toEqual({ kind: "not-on-path" });
});
