// Makes real environments from the real wheel with the real pip: the one slow file of these tests.

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import {
  folderName,
  listEnvironments,
  type MakeOptions,
  makeEnvironment,
  minorOf,
  removeOthers,
  SetUpFailure,
  type SetUpProblem,
  type SetUpStep,
  useEnvironment,
} from "../../../src/server/provisioning/environment.js";
import { launchOwn } from "../../../src/server/provisioning/launch.js";
import { describeFailure, describeStep } from "../../../src/server/provisioning/messages.js";
import { type Python, probePython, probeServer } from "../../../src/server/provisioning/probe.js";
import { findWheel, type Wheel } from "../../../src/server/provisioning/wheel.js";
import { newFolder, options, realPython, script } from "./programs.js";

const client = resolve(__dirname, "../../..");
let wheel: Wheel;
let python: Python;

beforeAll(async () => {
  const bundled = join(client, "server");
  if (!(await findWheel(bundled))) execFileSync(process.execPath, [join(client, "scripts", "build-wheel.mjs")]);
  const found = await findWheel(bundled);
  const answer = await probePython(realPython(), options(client));
  if (!found || !("ok" in answer)) throw new Error("no wheel or no Python");
  wheel = found;
  python = answer.ok;
}, 120_000);

const making = (root: string, changes: Partial<MakeOptions> = {}): MakeOptions => ({
  root,
  wheel,
  python,
  env: options(root).env,
  ...changes,
});

async function problemOf(doing: Promise<unknown>): Promise<SetUpProblem> {
  const error = await doing.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SetUpFailure);
  return (error as SetUpFailure).problem;
}

/** Nothing but the folder that holds environments. */
const isEmpty = (root: string) => expect(readdirSync(root)).toEqual([]);

test("two windows make one environment, in which the server runs; a third uses it at once", async () => {
  const root = join(newFolder(), "environments");
  // A half of an earlier try.
  const folder = join(root, folderName(wheel, python));
  mkdirSync(join(folder, "bin"), { recursive: true });
  writeFileSync(join(folder, "bin", "half"), "");
  const steps: [SetUpStep[], SetUpStep[]] = [[], []];
  const made = await Promise.all(
    steps.map((taken) => makeEnvironment(making(root, { onStep: (step) => taken.push(step) }))),
  );
  expect(made[0]).toEqual(made[1]);
  expect(existsSync(join(folder, "bin", "half"))).toBe(false);
  expect(readdirSync(root)).toEqual([folderName(wheel, python)]);

  const [first = [], second = []] = steps[0].length > steps[1].length ? steps : [steps[1], steps[0]];
  expect(second.map((step) => step.kind)).toEqual(["wait"]);
  const kinds = first.map((step) => (step.kind === "packages" ? step.step.kind : step.kind));
  expect([...new Set(kinds)]).toEqual(expect.arrayContaining(["environment", "find", "download", "install", "check"]));
  expect(first.map(describeStep).every((text) => /^Step [1-4] of 4: /.test(text))).toBe(true);

  const environment = made[0];
  if (!environment) throw new Error("not made");
  expect(await probeServer(launchOwn(environment.interpreter), options(root))).toEqual({ ok: wheel.version });
  expect(await listEnvironments(root)).toEqual([expect.objectContaining({ python: minorOf(python) })]);

  const began = performance.now();
  await makeEnvironment(making(root));
  expect(performance.now() - began).toBeLessThan(5_000);

  // One whose interpreter has gone is made anew, not trusted for its mark: here, the making is cancelled.
  script(environment.interpreter, "#!/bin/sh\nexit 1\n");
  const cancelling = new AbortController();
  const onStep = (step: SetUpStep) => step.kind === "environment" && cancelling.abort();
  const problem = await problemOf(makeEnvironment(making(root, { signal: cancelling.signal, onStep })));
  expect(problem).toEqual({ kind: "cancelled" });
  isEmpty(root);
}, 180_000);

test("cancelling while pip works ends it and leaves nothing", async () => {
  const root = join(newFolder(), "environments");
  const cancelling = new AbortController();
  const steps: string[] = [];
  const onStep = (step: SetUpStep) => {
    steps.push(step.kind);
    if (step.kind === "packages") cancelling.abort();
  };
  const problem = await problemOf(makeEnvironment(making(root, { signal: cancelling.signal, onStep })));
  expect(problem).toEqual({ kind: "cancelled" });
  expect(steps.at(-1)).toBe("packages");
  isEmpty(root);
  expect(execFileSync("ps", ["-eo", "args"], { encoding: "utf8" })).not.toContain(root);
}, 180_000);

test("without a network the message says where dependencies come from", async () => {
  const root = join(newFolder(), "environments");
  const PIP_INDEX_URL = `http://127.0.0.1:${await closedPort()}/simple`;
  // Nothing that this machine may have set up beside the index.
  const none = { PIP_CONFIG_FILE: "/dev/null", PIP_EXTRA_INDEX_URL: "", PIP_FIND_LINKS: "" };
  const env = { ...options(root).env, ...none, PIP_INDEX_URL, PIP_RETRIES: "0" };
  const problem = await problemOf(makeEnvironment(making(root, { env })));
  expect(problem).toEqual({ kind: "no-network" });
  expect(describeFailure(problem)).toContain("package index cannot be reached");
  isEmpty(root);
}, 180_000);

test("a package with another checksum is not installed, and is named", async () => {
  const root = join(newFolder(), "environments");
  const lock = join(newFolder(), "server.lock");
  writeFileSync(lock, `attrs==26.1.0 --hash=sha256:${"0".repeat(64)}\n`);
  const problem = await problemOf(makeEnvironment(making(root, { wheel: { ...wheel, lock } })));
  expect(problem).toEqual({ kind: "changed", name: "attrs" });
  expect(describeFailure(problem)).toContain("attrs from the package index is not the file");
  isEmpty(root);
}, 180_000);

test("a wheel of the server with another checksum is not installed", async () => {
  const root = join(newFolder(), "environments");
  const lock = join(newFolder(), "server.lock");
  writeFileSync(lock, "# nothing besides\n");
  const problem = await problemOf(makeEnvironment(making(root, { wheel: { ...wheel, lock, sha256: "0".repeat(64) } })));
  expect(problem).toEqual({ kind: "changed", name: "codehunch" });
  isEmpty(root);
}, 180_000);

test("a package without a file for this Python is told in one line, and nothing is built from source", async () => {
  const root = join(newFolder(), "environments");
  const lock = join(newFolder(), "server.lock");
  writeFileSync(lock, `rouge-score==0.1.2 --hash=sha256:${"0".repeat(64)}\n`); // there is only its source
  const problem = await problemOf(makeEnvironment(making(root, { wheel: { ...wheel, lock } })));
  expect(problem).toEqual({ kind: "no-package", name: "rouge-score", python: python.version.join(".") });
  isEmpty(root);
}, 180_000);

test("a variable of the person's that wants other versions does not count", async () => {
  const root = join(newFolder(), "environments");
  const other = join(newFolder(), "constraints.txt");
  writeFileSync(other, "attrs<20\n");
  const lock = join(newFolder(), "server.lock");
  writeFileSync(lock, `attrs==26.1.0 --hash=sha256:${"0".repeat(64)}\n`);
  const env = { ...options(root).env, PIP_CONSTRAINT: other };
  const problem = await problemOf(makeEnvironment(making(root, { env, wheel: { ...wheel, lock } })));
  expect(problem).toEqual({ kind: "changed", name: "attrs" }); // it was looked for, and found
}, 180_000);

describe("a Python that cannot", () => {
  /** A program that stands for one. */
  const standing = (root: string, text: string): Python => ({
    ...python,
    executable: script(join(root, "..", "python3"), `#!/bin/sh\n${text}\n`),
  });

  test("Debian's without the package for environments is told with the package's name", async () => {
    const root = join(newFolder(), "environments");
    const debian = standing(
      root,
      'mkdir -p "$4"; echo "The virtual environment was not created successfully because ensurepip is not available.  ' +
        'On Debian/Ubuntu systems, you need to install the python3-venv package using the following command."; ' +
        'echo "    apt install python3.11-venv"; exit 1',
    );
    const problem = await problemOf(makeEnvironment(making(root, { python: debian })));
    expect(problem).toEqual({ kind: "no-venv", python: debian.executable, debianPackage: "python3.11-venv" });
    expect(describeFailure(problem)).toContain('"apt install python3.11-venv"');
    isEmpty(root);
  });

  test("one without the module is told so", async () => {
    const root = join(newFolder(), "environments");
    const bare = standing(root, 'echo "$0: No module named venv" >&2; exit 1');
    const problem = await problemOf(makeEnvironment(making(root, { python: bare })));
    expect(problem).toMatchObject({ kind: "no-venv" });
    expect(describeFailure(problem)).toContain("apt install python3-venv");
  });

  test("a full disk is told as such", async () => {
    const root = join(newFolder(), "environments");
    const full = standing(root, 'echo "OSError: [Errno 28] No space left on device" >&2; exit 1');
    expect(await problemOf(makeEnvironment(making(root, { python: full })))).toEqual({
      kind: "disk-full",
      folder: root,
    });
  });

  test("anything else is told in its own words", async () => {
    const root = join(newFolder(), "environments");
    const odd = standing(root, 'echo "Error: the moon is wrong" >&2; exit 1');
    expect(await problemOf(makeEnvironment(making(root, { python: odd })))).toEqual({
      kind: "other",
      said: "Error: the moon is wrong",
    });
  });
});

test("outdated environments are removed, unless somebody uses or makes them", async () => {
  const root = newFolder();
  const mark = (name: string) => {
    mkdirSync(join(root, name));
    writeFileSync(join(root, name, "hunch-environment.json"), '{"version":"0.1.0","hash":"0","python":"3.12"}');
  };
  for (const name of ["kept", "unused", "used", "abandoned", "being-made"]) mark(name);
  mkdirSync(join(root, "half"));
  writeFileSync(join(root, "being-made.lock"), `${hostname()}\n${process.pid}\n`);
  const leave = await useEnvironment(join(root, "used"));
  mkdirSync(join(root, "abandoned", "users"));
  const dead = execFileSync("sh", ["-c", "echo $$"], { encoding: "utf8" }).trim();
  writeFileSync(join(root, "abandoned", "users", `${hostname()}.${dead}`), "");
  writeFileSync(join(root, "half.lock"), `${hostname()}\n${dead}\n`);

  await removeOthers(root, join(root, "kept"));
  expect(readdirSync(root).sort()).toEqual(["being-made", "being-made.lock", "kept", "used"]);
  await leave();
  await removeOthers(root, join(root, "kept"));
  expect(readdirSync(root)).not.toContain("used");
  expect(readFileSync(join(root, "kept", "hunch-environment.json"), "utf8")).toContain("0.1.0");
});

/** A port of this machine on which nothing listens. */
function closedPort(): Promise<number> {
  return new Promise((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => done(typeof address === "object" && address ? address.port : 9));
    });
  });
}
