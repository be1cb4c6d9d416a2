import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { holdLock } from "../../../src/server/provisioning/lock.js";
import { newFolder } from "./programs.js";

test("one after the other holds it, and nothing is left", async () => {
  const folder = newFolder();
  const path = join(folder, "a.lock");
  let inside = 0;
  let most = 0;
  let waited = 0;
  const work = async () => {
    const release = await holdLock(path, { pollMs: 5, onWait: () => waited++ });
    most = Math.max(most, ++inside);
    await new Promise((resolve) => setTimeout(resolve, 20));
    inside--;
    await release();
  };
  await Promise.all(Array.from({ length: 8 }, work));
  expect(most).toBe(1);
  expect(waited).toBeGreaterThan(0);
  expect(readdirSync(folder)).toEqual([]);
});

test("a lock whose holder has ended is taken over", async () => {
  const path = join(newFolder(), "a.lock");
  const dead = spawnSync("true").pid;
  writeFileSync(path, `${hostname()}\n${dead}\nx\n`);
  await (await holdLock(path, { pollMs: 5 }))();
  expect(existsSync(path)).toBe(false);
});

test("a holder elsewhere that gives no sign is waited for, but not for ever", async () => {
  const path = join(newFolder(), "a.lock");
  writeFileSync(path, "another-machine\n1\nx\n");
  const began = performance.now();
  await (await holdLock(path, { pollMs: 5, patienceMs: 200 }))();
  expect(performance.now() - began).toBeGreaterThan(190);
});

test("waiting can be cancelled", async () => {
  const path = join(newFolder(), "a.lock");
  writeFileSync(path, `${hostname()}\n${process.pid}\nx\n`);
  const cancelling = new AbortController();
  setTimeout(() => cancelling.abort(), 50);
  await expect(holdLock(path, { pollMs: 5, signal: cancelling.signal })).rejects.toThrow();
  expect(existsSync(path)).toBe(true);
});
