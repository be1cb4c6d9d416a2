// The connection that the extension talks through: finds, sets up, starts, watches and ends the server.

import { setTimeout as sleep } from "node:timers/promises";
import * as vscode from "vscode";
import type { Answer, PlaceParams, SearchParams, ServerStatus, SimilarParams } from "../protocol.js";
import { asAnswerError, type Connection, Overtaken, type ServerState, Unanswerable } from "./connection.js";
import { debugFacts, formatDebugInfo } from "./debug-info.js";
import { traceChannel } from "./log.js";
import {
  describeCrashes,
  describeStartFailure,
  describeUnanswered,
  mentionSetting,
  type NoticeActions,
  offerSetUp,
  offerSetUpFrom,
  reportRefusal,
  reportSetUpFailure,
  reportStopped,
} from "./messages.js";
import type { Found, Search } from "./provisioning/candidates.js";
import { minorOf, useEnvironment } from "./provisioning/environment.js";
import { chooseInterpreter } from "./provisioning/find-python.js";
import { Finder } from "./provisioning/find-server.js";
import { describeBare, describeMissing, describeRefusal } from "./provisioning/messages.js";
import {
  selectedInterpreters,
  setInterpreter,
  settingInterpreter,
  settingOf,
  watchSelected,
  workspacePaths,
} from "./provisioning/places.js";
import { setUpEnvironment } from "./provisioning/set-up.js";
import { afterEnd } from "./restarts.js";
import { type RunningServer, startServer } from "./start.js";

const DISPOSE_LIMIT_MS = 1_900;
/** In globalState: the person does not want to be asked. */
const DECLINED = "hunch.setUpDeclined";

export function connect(context: vscode.ExtensionContext, log: vscode.LogOutputChannel): Connection {
  return new ServerConnection(context, log);
}

class ServerConnection implements Connection {
  readonly #context: vscode.ExtensionContext;
  readonly #log: vscode.LogOutputChannel;
  readonly #trace: vscode.LogOutputChannel & vscode.Disposable;
  readonly #changes = new vscode.EventEmitter<ServerState>();
  readonly #disposables: vscode.Disposable[] = [];
  readonly #ending = new AbortController();
  readonly #finder: Finder;
  readonly onDidChangeState = this.#changes.event;
  #state: ServerState = { kind: "starting" };
  /** Starts, stops and set-ups happen one after the other. */
  #queue: Promise<void> = Promise.resolve();
  #server: RunningServer | undefined;
  #running: Found | undefined;
  #leaveEnvironment: (() => Promise<void>) | undefined;
  #ends: readonly number[] = [];
  #restarting: NodeJS.Timeout | undefined;
  /** An interpreter that the person has chosen in this window. */
  #chosen: string | undefined;
  #disposing: Promise<void> | undefined;

  constructor(context: vscode.ExtensionContext, log: vscode.LogOutputChannel) {
    this.#context = context;
    this.#log = log;
    this.#trace = traceChannel(log);
    this.#finder = new Finder(context, log, this.#ending.signal);
    this.#disposables.push(
      this.#changes,
      this.#trace,
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (!event.affectsConfiguration("hunch.command") && !event.affectsConfiguration("hunch.interpreter")) return;
        this.#finder.preferred = undefined;
        void this.restart();
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => {
        this.#watchSelected();
        void this.#lookAgain();
      }),
    );
    this.#tell(this.#state);
    if (vscode.workspace.isTrusted) this.#watchSelected();
  }

  readonly #actions: NoticeActions = {
    setUp: () => void this.setUp(),
    restart: () => void this.restart(),
    chooseInterpreter: () => void this.#choose(),
    showLogs: () => this.showLogs(),
    decline: () => void this.#context.globalState.update(DECLINED, true),
  };

  get state(): ServerState {
    return this.#state;
  }

  // ---- questions ----

  search(params: SearchParams, token: vscode.CancellationToken): Promise<Answer> {
    return this.#ask("hunch/search", params, token);
  }

  similar(params: SimilarParams, token: vscode.CancellationToken): Promise<Answer> {
    return this.#ask("hunch/similar", params, token);
  }

  document(params: PlaceParams): Promise<boolean> {
    return this.#ask("hunch/document", params);
  }

  async pause(folder?: string): Promise<void> {
    await this.#ask("hunch/pause", folder === undefined ? {} : { folder });
  }

  async resume(folder?: string): Promise<void> {
    await this.#ask("hunch/resume", folder === undefined ? {} : { folder });
  }

  async rebuild(folder?: string): Promise<void> {
    await this.#ask("hunch/rebuild", folder === undefined ? {} : { folder });
  }

  async #ask<T>(method: string, params: object, token?: vscode.CancellationToken): Promise<T> {
    await this.#settled(token);
    if (token?.isCancellationRequested) throw new Overtaken();
    const server = this.#server;
    if (!server) {
      const { state } = this;
      throw new Unanswerable(describeUnanswered(state));
    }
    try {
      return token
        ? await server.client.sendRequest<T>(method, params, token)
        : await server.client.sendRequest<T>(method, params);
    } catch (error) {
      const gone = vscode.l10n.t("Hunch's server has ended before it could answer. Try again in a moment.");
      throw asAnswerError(error, token?.isCancellationRequested === true, gone);
    }
  }

  /** Waits while the server is being started, unless the question is cancelled first. */
  #settled(token?: vscode.CancellationToken): Promise<void> {
    if (this.#state.kind !== "starting" || this.#ending.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const listening = [
        this.onDidChangeState(({ kind }) => kind !== "starting" && end()),
        token?.onCancellationRequested(() => end()),
      ];
      const end = () => {
        for (const one of listening) one?.dispose();
        this.#ending.signal.removeEventListener("abort", end);
        resolve();
      };
      this.#ending.signal.addEventListener("abort", end, { once: true });
      if (token?.isCancellationRequested) end();
    });
  }

  // ---- lifecycle ----

  start(): Promise<void> {
    return this.#inTurn(async () => {
      if (!this.#server) await this.#findAndLaunch();
    });
  }

  restart(): Promise<void> {
    return this.#inTurn(async () => {
      this.#ends = [];
      await this.#stop();
      await this.#findAndLaunch();
    });
  }

  setUp(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#context.globalState.update(DECLINED, undefined);
      await this.#makeOwn();
    });
  }

  showLogs(): void {
    this.#log.show();
  }

  /** Gives a promise: the server has ended when it resolves, within two seconds. */
  dispose(): Promise<void> {
    this.#disposing ??= (async () => {
      this.#ending.abort();
      // What is under way ends, too: a start is given up, pip is ended.
      const limit = sleep(DISPOSE_LIMIT_MS, undefined, { ref: false });
      await Promise.all([this.#stop(), Promise.race([this.#queue, limit])]);
      for (const one of this.#disposables) one.dispose();
    })();
    return this.#disposing;
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#queue = this.#queue.then(async () => {
      if (this.#ending.signal.aborted) return;
      try {
        await work();
      } catch (error) {
        if (this.#ending.signal.aborted) return;
        this.#log.error(error instanceof Error ? error : String(error));
        this.#fail(describeStartFailure(error instanceof Error ? error.message : String(error)));
      }
    });
    return this.#queue;
  }

  async #findAndLaunch(): Promise<void> {
    this.#tell({ kind: "starting" });
    const search = await this.#finder.find();
    if (this.#ending.signal.aborted) return;
    if (search.found) return this.#launch(search.found);
    if (search.refused) return this.#refuse(search.refused);
    if (await this.#finder.wasSetUp()) return this.#update();
    this.#offerSetUp();
  }

  async #launch(found: Found): Promise<void> {
    this.#tell({ kind: "starting" });
    await this.#stop();
    let status: ServerStatus | undefined;
    let server: RunningServer;
    try {
      if (found.environment) this.#leaveEnvironment = await useEnvironment(found.environment);
      server = await startServer({
        launch: found.launch,
        cwd: this.#finder.storage,
        env: this.#finder.environment(),
        log: this.#log,
        trace: this.#trace,
        signal: this.#ending.signal,
        prepare: (client) => {
          client.onNotification("hunch/statusChanged", (changed: ServerStatus) => {
            status = changed;
            if (this.#server?.client === client) this.#tell({ kind: "running", status });
          });
        },
      });
    } catch (error) {
      await this.#leave();
      if (this.#ending.signal.aborted) return;
      // After a crash it may be the same thing once more; at a first start it will not get better by itself.
      if (this.#ends.length) return this.#ended(found);
      return this.#fail(describeStartFailure(error instanceof Error ? error.message : String(error)));
    }
    if (this.#ending.signal.aborted) return server.stop();
    this.#server = server;
    this.#running = found;
    void server.ended.then(() => {
      if (this.#server !== server) return;
      this.#server = undefined;
      void server.stop();
      void this.#leave();
      this.#ended(found);
    });
    this.#tell({ kind: "running", status });
    const asked = await server.client.sendRequest<ServerStatus>("hunch/status", {}).catch(() => undefined);
    if (asked && this.#server === server) this.#tell({ kind: "running", status: asked });
    if (found.environment) void this.#finder.removeOutdated(found.environment);
  }

  /** It ended by itself: comes back by itself, unless it did so too often. */
  #ended(found: Found): void {
    if (this.#ending.signal.aborted) return;
    const { ends, restartInMs } = afterEnd(this.#ends, Date.now());
    this.#ends = ends;
    if (restartInMs === undefined) {
      this.#ends = [];
      this.#fail(describeCrashes(ends.length));
      return;
    }
    this.#log.warn(`the server has ended by itself; it is started again in ${restartInMs} ms`);
    this.#tell({ kind: "starting" });
    clearTimeout(this.#restarting);
    this.#restarting = setTimeout(() => {
      void this.#inTurn(async () => {
        if (!this.#server) await this.#launch(found);
      });
    }, restartInMs);
  }

  async #stop(): Promise<void> {
    clearTimeout(this.#restarting);
    const server = this.#server;
    this.#server = undefined;
    this.#running = undefined;
    await server?.stop();
    await this.#leave();
  }

  async #leave(): Promise<void> {
    const leave = this.#leaveEnvironment;
    this.#leaveEnvironment = undefined;
    await leave?.().catch(() => {});
  }

  /** Another environment was selected, or the folders are trusted now: changes the server only if another one is found. */
  #lookAgain(): Promise<void> {
    return this.#inTurn(async () => {
      const search = await this.#finder.find();
      const now = this.#running?.launch;
      const same = search.found && now && JSON.stringify(search.found.launch) === JSON.stringify(now);
      if (same && this.#server) return;
      if (search.found) await this.#launch(search.found);
      else if (search.refused) {
        await this.#stop();
        await this.#refuse(search.refused);
      }
    });
  }

  #watchSelected(): void {
    let timer: NodeJS.Timeout | undefined;
    const changed = () => {
      clearTimeout(timer);
      timer = setTimeout(() => void this.#lookAgain(), 300);
    };
    void watchSelected(this.#log, changed).then((watching) => {
      if (this.#ending.signal.aborted) watching.dispose();
      else this.#disposables.push(watching, new vscode.Disposable(() => clearTimeout(timer)));
    });
  }

  // ---- the own environment ----

  /**
   * Makes the environment and starts in it; returns whether it did.
   * @param quietly nobody asked for it, and there is something to go on with when it fails
   */
  async #makeOwn(quietly = false): Promise<boolean> {
    const wheel = await this.#finder.wheel();
    if (!wheel) {
      this.#fail(
        vscode.l10n.t("This build of the extension carries no server: set hunch.interpreter or hunch.command."),
      );
      return false;
    }
    const before = this.#state;
    const options = await this.#finder.options();
    const trusted = vscode.workspace.isTrusted;
    const result = await setUpEnvironment({
      root: this.#finder.root,
      wheel,
      probe: options,
      asked: await settingInterpreter(options.env),
      selected: trusted ? await selectedInterpreters(this.#log) : [],
      shunned: trusted ? [] : workspacePaths(),
      log: this.#log,
      signal: this.#ending.signal,
      // What runs goes on running until there is something better.
      onStep: (message) => this.#server || this.#tell({ kind: "installing", message }),
    });
    if (this.#ending.signal.aborted) return false;
    if ("failure" in result) {
      const { failure, isCancelled } = result;
      if (!this.#server) this.#tell(before.kind === "failed" ? before : { kind: "missing", message: failure });
      if (!isCancelled && !quietly) reportSetUpFailure(failure, this.#actions);
      return false;
    }
    const found = await this.#finder.own(result.environment);
    if (!found) throw new Error(result.environment.folder);
    this.#finder.preferred = result.environment;
    this.#ends = [];
    await this.#launch(found);
    this.#mentionSetting();
    return true;
  }

  /**
   * The environment that the person had the extension make is of an older extension, or its Python is gone: it is made
   * anew. An older one that works goes on until then.
   */
  async #update(python?: string): Promise<void> {
    this.#log.info("the extension's own environment is outdated or broken: making it anew");
    const found = await this.#finder.outdated(python);
    if (!found) {
      await this.#makeOwn();
      return;
    }
    await this.#launch(found);
    void this.#inTurn(async () => void (await this.#makeOwn(true)));
  }

  // ---- what the person is told ----

  #tell(state: ServerState): void {
    this.#state = state;
    void vscode.commands.executeCommand("setContext", "hunch.ready", state.kind === "running");
    void vscode.commands.executeCommand("setContext", "hunch.state", state.kind);
    if (!this.#ending.signal.aborted) this.#changes.fire(state);
  }

  #offerSetUp(): void {
    const message = describeMissing(vscode.workspace.isTrusted);
    this.#tell({ kind: "missing", message });
    if (!this.#context.globalState.get(DECLINED)) offerSetUp(message, this.#actions);
  }

  async #refuse({ candidate, problem }: NonNullable<Search["refused"]>): Promise<void> {
    if (problem.kind === "no-hunch") {
      const message = describeBare(candidate);
      this.#tell({ kind: "missing", message });
      // Who has just chosen it has read that an environment is made from it; who had one made wants it again.
      if (this.#chosen === candidate.written) await this.#makeOwn();
      else if (await this.#finder.wasSetUp(minorOf(problem.python))) await this.#update(minorOf(problem.python));
      else offerSetUpFrom(message, this.#actions);
      return;
    }
    const message = describeRefusal(candidate, problem, this.#finder.wanted);
    this.#log.error(message);
    this.#tell({ kind: "failed", message });
    reportRefusal(message, candidate, this.#actions);
  }

  #fail(message: string): void {
    this.#log.error(message);
    this.#tell({ kind: "failed", message });
    reportStopped(message, this.#actions);
  }

  /** An interpreter without hunch stands for the environment that was made from it: that one is in order. */
  #mentionSetting(): void {
    const refused = this.#finder.last.refused;
    if (refused && refused.problem.kind !== "no-hunch") mentionSetting(refused.candidate);
  }

  async #choose(): Promise<void> {
    const options = await this.#finder.options();
    const asked = await settingInterpreter(options.env);
    const chosen = await chooseInterpreter(options, asked ? [asked] : await selectedInterpreters(this.#log));
    if (chosen === undefined) return;
    this.#chosen = chosen;
    // The same one again changes no setting; it is another try nevertheless.
    if (settingOf("interpreter") === chosen) void this.restart();
    else await setInterpreter(chosen);
  }

  async debugInfo(): Promise<string> {
    const finder = this.#finder;
    const notes = finder.notes(this.#running);
    return formatDebugInfo(
      debugFacts(finder.extensionVersion, await finder.wheel(), this.#state, this.#running, notes),
    );
  }
}
