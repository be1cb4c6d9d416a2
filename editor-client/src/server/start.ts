// One process of the server with its language client: what the client tells it, from start to end.

import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import * as vscode from "vscode";
import {
  CloseAction,
  ErrorAction,
  LanguageClient,
  type LanguageClientOptions,
  type Middleware,
  RevealOutputChannelOn,
  type ServerOptions,
  State,
} from "vscode-languageclient/node";
import { readLogLine } from "./log.js";
import type { Launch } from "./provisioning/launch.js";
import { endProcess, lineSplitter } from "./provisioning/run.js";
import { pickSettings } from "./settings.js";

export interface RunningServer {
  readonly client: LanguageClient;
  readonly pid: number | undefined;
  /** Resolves when it ends without having been asked to. */
  readonly ended: Promise<void>;
  /** Ends it, within two seconds whatever it does. */
  stop(): Promise<void>;
}

export interface StartOptions {
  readonly launch: Launch;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly log: vscode.LogOutputChannel;
  readonly trace: vscode.LogOutputChannel;
  readonly signal: AbortSignal;
  /** Called before the first message is exchanged. */
  readonly prepare: (client: LanguageClient) => void;
}

/** How long the first answer may take: Python and a cold disk. */
const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 1_800;
/** What a process says at its end may be read after the end itself is noticed. */
const LAST_WORDS_MS = 100;

/**
 * @throws Error whose message is the last that the server said
 */
export async function startServer(options: StartOptions): Promise<RunningServer> {
  const { launch, log } = options;
  const process_: { child?: ChildProcess } = {};
  let lastWords = "";
  const client = createClient({
    server: async () => {
      process_.child = await begin(options);
      return process_.child;
    },
    log,
    trace: options.trace,
    readLines: (stream, take) => {
      stream.setEncoding("utf8");
      stream.on("data", lineSplitter(take));
    },
    onErrorLine: (line) => {
      const { level, text } = readLogLine(line);
      if (text.trim()) lastWords = text.trim();
      log[level](text);
    },
  });
  let stopping = false;
  const ended = new Promise<void>((resolve) => {
    client.onDidChangeState(({ newState }) => {
      if (newState === State.Stopped && !stopping) resolve();
    });
  });
  const kill = () => {
    if (process_.child) endProcess(process_.child);
  };
  options.prepare(client);
  log.info(`starting ${[launch.command, ...launch.args, "lsp"].join(" ")}`);
  try {
    await firstOf(client.start(), options.signal);
  } catch (error) {
    stopping = true;
    kill();
    await sleep(LAST_WORDS_MS);
    throw new Error(lastWords.slice(0, 300) || (error instanceof Error ? error.message : String(error)));
  }
  return {
    client,
    pid: process_.child?.pid,
    ended,
    stop: async () => {
      stopping = true;
      const limit = sleep(STOP_LIMIT_MS, undefined, { ref: false });
      // It ends by itself once it was told to, after it has written what it holds.
      const over = process_.child && exitOf(process_.child);
      await client.dispose(STOP_LIMIT_MS).catch(() => {});
      await Promise.race([over, limit]);
      kill();
    },
  };
}

function exitOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else child.once("exit", () => resolve());
  });
}

/** Rejects when the start fails, takes too long, or is given up. */
async function firstOf(starting: Promise<void>, signal: AbortSignal): Promise<void> {
  let limit: NodeJS.Timeout | undefined;
  let give: (() => void) | undefined;
  const otherwise = new Promise<never>((_, reject) => {
    const seconds = START_LIMIT_MS / 1000;
    limit = setTimeout(() => reject(new Error(`no answer within ${seconds} seconds`)), START_LIMIT_MS);
    give = () => reject(new Error("cancelled"));
    if (signal.aborted) give();
    signal.addEventListener("abort", give, { once: true });
  });
  try {
    await Promise.race([starting, otherwise]);
  } finally {
    clearTimeout(limit);
    if (give) signal.removeEventListener("abort", give);
    starting.catch(() => {});
  }
}

function begin(options: StartOptions): Promise<ChildProcess> {
  const { launch, cwd, env, log } = options;
  return new Promise((resolve, reject) => {
    // A group of its own on POSIX: what it starts ends with it.
    const detached = process.platform !== "win32";
    const stdio: ["pipe", "pipe", "pipe"] = ["pipe", "pipe", "pipe"];
    const child = spawn(launch.command, [...launch.args, "lsp"], { cwd, env, stdio, detached, windowsHide: true });
    // Its input may be gone before it is written to; the end itself is noticed elsewhere.
    child.stdin.on("error", () => {});
    child.once("error", reject);
    child.once("spawn", () => resolve(child));
    child.once("exit", (code, signal) => log.info(`the server's process ended with ${signal ?? code}`));
  });
}

interface ClientParts {
  readonly server: ServerOptions;
  readonly log: vscode.LogOutputChannel;
  readonly trace: vscode.LogOutputChannel;
  readonly onErrorLine: (line: string) => void;
  readonly readLines: (stream: NodeJS.ReadableStream, take: (line: string) => void) => void;
}

/** Tells failures to the log and to nobody else: what a person has to know is said by who started it. */
class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }

  override warn(message: string, data?: unknown): void {
    super.warn(message, data, false);
  }

  override info(message: string, data?: unknown): void {
    super.info(message, data, false);
  }
}

function createClient(parts: ClientParts): LanguageClient {
  const options: LanguageClientOptions = {
    // Text of any language may be changed and not saved; what is no file can not be in a folder.
    documentSelector: [{ scheme: "file" }],
    outputChannel: parts.log,
    traceOutputChannel: parts.trace,
    revealOutputChannelOn: RevealOutputChannelOn.Never,
    initializationOptions: settings,
    initializationFailedHandler: () => false,
    // What ends by itself is started anew by the connection, with a new client.
    errorHandler: {
      error: () => ({ action: ErrorAction.Continue, handled: true }),
      closed: () => ({ action: CloseAction.DoNotRestart, handled: true, message: "The server has ended." }),
    },
    stdioOptions: {
      stdout: () => {},
      stderr: (stream) => parts.readLines(stream, parts.onErrorLine),
    },
    middleware: middleware(() => client),
  };
  const client = new QuietClient("hunch", "Hunch", parts.server, options);
  return client;
}

function middleware(client: () => LanguageClient): Middleware {
  return {
    // The status bar says how far indexing is; the end goes through, so that nothing is kept for it.
    handleWorkDoneProgress: (token, params, next) => {
      if (params.kind === "end") next(token, params);
    },
    // The code action's command: our own shows what is found as all other results are shown.
    executeCommand: (command, args, next) =>
      command === "hunch.similar"
        ? vscode.commands.executeCommand("hunch.findSimilar", ...args.map(withoutShow))
        : next(command, args),
    workspace: {
      // The server learns what it knows, not where programs are.
      configuration: ({ items }) => items.map((item) => (item.section === "hunch" ? settings() : null)),
      didChangeConfiguration: async () => {
        // Some changes end this server: the one after it reads them when it starts.
        if (!client().isRunning()) return;
        await client().sendNotification("workspace/didChangeConfiguration", { settings: { hunch: settings() } });
      },
    },
  };
}

function settings(): Record<string, unknown> {
  return pickSettings(
    (name) => vscode.workspace.getConfiguration("hunch").get(name),
    (name) => vscode.workspace.getConfiguration("files").get(name),
  );
}

/** The argument without its request that the server offers what is found by itself. */
function withoutShow(argument: unknown): unknown {
  if (typeof argument !== "object" || argument === null) return argument;
  return Object.fromEntries(Object.entries(argument).filter(([name]) => name !== "show"));
}
