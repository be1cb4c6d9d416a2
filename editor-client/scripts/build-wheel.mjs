// Builds the server's wheel from the repository into server/, where the extension carries it, and puts the lock of the
// packages that it needs beside it; exactly one wheel is left there.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const repository = resolve(import.meta.dirname, "../..");
const target = resolve(import.meta.dirname, "../server");
const own = join(repository, process.platform === "win32" ? ".venv/Scripts/python.exe" : ".venv/bin/python");
const python = process.env.PYTHON ?? (existsSync(own) ? own : "python3");

const built = mkdtempSync(join(tmpdir(), "hunch-wheel-"));
try {
  const options = ["--disable-pip-version-check", "--no-input", "--quiet", "--no-deps", "--wheel-dir", built];
  // `make` has installed what builds it, with checksums; elsewhere pip takes that from the package index.
  if (spawnSync(python, ["-c", "import hatchling"]).status === 0) options.push("--no-build-isolation");
  const { status, error } = spawnSync(python, ["-m", "pip", "wheel", ...options, repository], { stdio: "inherit" });
  if (error) throw error;
  if (status !== 0) throw new Error(`pip wheel ended with ${status}`);
  const wheels = readdirSync(built).filter((name) => name.endsWith(".whl"));
  if (wheels.length !== 1) throw new Error(`expected one wheel, got ${wheels.length}`);
  mkdirSync(target, { recursive: true });
  for (const name of readdirSync(target)) if (name.endsWith(".whl")) rmSync(join(target, name));
  cpSync(join(built, wheels[0]), join(target, wheels[0]));
  cpSync(join(repository, "locks", "server.lock"), join(target, "server.lock"));
  console.log(join("server", wheels[0]));
} finally {
  rmSync(built, { recursive: true, force: true });
}
