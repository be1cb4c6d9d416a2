// The language client: what it tells the server, and what of the server it passes on.

import * as vscode from "vscode";
import {
  CloseAction,
  ErrorAction,
  LanguageClient,
  type LanguageClientOptions,
  type Middleware,
  RevealOutputChannelOn,
  type ServerOptions,
} from "vscode-languageclient/node";
import { pickSettings } from "./server-settings.js";

export interface ClientParts {
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

export function createClient(parts: ClientParts): LanguageClient {
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
  return pickSettings((name) => vscode.workspace.getConfiguration("hunch").get(name));
}

/** The argument without its request that the server offers what is found by itself. */
function withoutShow(argument: unknown): unknown {
  if (typeof argument !== "object" || argument === null) return argument;
  return Object.fromEntries(Object.entries(argument).filter(([name]) => name !== "show"));
}
