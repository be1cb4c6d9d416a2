// Runs a program to its end: with a time limit, cancellable, and with all that it started ended too.

import { type ChildProcess, spawn } from "node:child_process";

export interface RunOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly limitMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly onLine?: ((line: string) => void) | undefined;
}

export interface Finished {
  /** Undefined when it was ended by a signal, or never began. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
  readonly cancelled: boolean;
  /** Why it could not be started at all. */
  readonly failure: NodeJS.ErrnoException | undefined;
}

const MOST_CHARACTERS = 200_000;
/** How long streams may stay open after the end, held by something that it left behind. */
const CLOSING_MS = 500;

/** Never rejects. */
export function run(command: string, args: readonly string[], options: RunOptions): Promise<Finished> {
  return new Promise((resolve) => {
    let stdout = "";
    let stderr = "";
    let timedOut = false;
    let cancelled = false;
    let failure: NodeJS.ErrnoException | undefined;
    let code: number | undefined;
    let isOver = false;

    let child: ChildProcess;
    try {
      // A group of its own, so that what it starts can be ended with it.
      const detached = process.platform !== "win32";
      const stdio: ["ignore", "pipe", "pipe"] = ["ignore", "pipe", "pipe"];
      child = spawn(command, args, { cwd: options.cwd, env: options.env, stdio, detached, windowsHide: true });
    } catch (error) {
      resolve({ code, stdout, stderr, timedOut, cancelled, failure: error as NodeJS.ErrnoException });
      return;
    }

    const end = () => {
      if (isOver) return;
      isOver = true;
      clearTimeout(limit);
      options.signal?.removeEventListener("abort", cancel);
      child.stdout?.destroy();
      child.stderr?.destroy();
      resolve({ code, stdout, stderr, timedOut, cancelled, failure });
    };
    const cancel = () => {
      cancelled = true;
      endProcess(child);
    };
    const limit = setTimeout(() => {
      timedOut = true;
      endProcess(child);
    }, options.limitMs);
    options.signal?.addEventListener("abort", cancel, { once: true });

    const byLine = options.onLine ? lineSplitter(options.onLine) : undefined;
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      stdout = (stdout + text).slice(-MOST_CHARACTERS);
      byLine?.(text);
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      stderr = (stderr + text).slice(-MOST_CHARACTERS);
    });
    child.on("error", (error) => {
      failure = error;
      end();
    });
    child.on("exit", (status) => {
      code = status ?? undefined;
      setTimeout(end, CLOSING_MS).unref();
    });
    child.on("close", end);
    if (options.signal?.aborted) cancel();
  });
}

/** Ends a process and what it started, at once. */
export function endProcess(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  if (process.platform === "win32") {
    spawn("taskkill", ["/T", "/F", "/PID", String(child.pid)], { stdio: "ignore", windowsHide: true }).on("error", () =>
      child.kill("SIGKILL"),
    );
    return;
  }
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    child.kill("SIGKILL");
  }
}

/** Cuts pieces of text into lines and hands each over without its end; the last one only when it has an end. */
export function lineSplitter(take: (line: string) => void): (text: string) => void {
  let rest = "";
  return (text) => {
    const lines = (rest + text).split(/\r?\n/);
    rest = lines.pop() ?? "";
    for (const line of lines) take(line);
  };
}

/** The last line that says something, for a message. */
export function lastLine(...texts: readonly string[]): string {
  for (const text of texts) {
    const lines = text.split(/\r?\n/).filter((line) => line.trim());
    const last = lines.at(-1);
    if (last) return last.trim().slice(0, 300);
  }
  return "";
}
