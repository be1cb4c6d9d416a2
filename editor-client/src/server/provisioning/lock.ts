// A lock file that windows of the editor, each a process of its own, hold in turn.

import { readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

export interface LockOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called once when somebody else holds it. */
  readonly onWait?: () => void;
  readonly pollMs?: number;
  /** A holder that gives no sign for so long, while it is watched, is taken for dead. */
  readonly patienceMs?: number;
}

const BEAT_MS = 3_000;

/**
 * Waits for the lock and returns what gives it back.
 * @throws the signal's reason when that comes first
 */
export async function holdLock(path: string, options: LockOptions = {}): Promise<() => Promise<void>> {
  const mine = `${hostname()}\n${process.pid}\n${crypto.randomUUID()}\n`;
  let seen: { readonly text: string; readonly beat: number; readonly since: number } | undefined;
  for (;;) {
    options.signal?.throwIfAborted();
    try {
      await writeFile(path, mine, { flag: "wx" });
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const held = await look(path);
    if (!held) continue;
    if (!seen) options.onWait?.();
    if (seen?.text !== held.text || seen.beat !== held.beat) seen = { ...held, since: performance.now() };
    if (isGone(held.text) || performance.now() - seen.since > (options.patienceMs ?? 30_000)) {
      await takeAway(path, held.text);
      continue;
    }
    await sleep(options.pollMs ?? 500, undefined, options.signal ? { signal: options.signal } : {});
  }
  const beating = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => {});
  }, BEAT_MS);
  beating.unref();
  return async () => {
    clearInterval(beating);
    if ((await look(path))?.text === mine) await rm(path, { force: true });
  };
}

/** Whether somebody holds a lock who is not known to have ended. */
export async function isHeld(path: string): Promise<boolean> {
  const held = await look(path);
  return held !== undefined && !isGone(held.text);
}

/** Whether the process that a holder names is known to have ended: one on this machine. */
function isGone(text: string): boolean {
  const [host, process_] = text.split("\n");
  const id = Number(process_);
  return host === hostname() && Number.isInteger(id) && id > 0 && !isAlive(id);
}

export function isAlive(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Removes a dead holder's lock, and only that: somebody may have been faster and hold a new one. */
async function takeAway(path: string, text: string): Promise<void> {
  const aside = `${path}.${crypto.randomUUID()}`;
  try {
    await rename(path, aside);
  } catch {
    return;
  }
  const moved = await readFile(aside, "utf8").catch(() => "");
  if (moved !== text) await writeFile(path, moved, { flag: "wx" }).catch(() => {});
  await rm(aside, { force: true });
}

async function look(path: string): Promise<{ readonly text: string; readonly beat: number } | undefined> {
  try {
    const [text, facts] = await Promise.all([readFile(path, "utf8"), stat(path)]);
    return { text, beat: facts.mtimeMs };
  } catch {
    return undefined;
  }
}
