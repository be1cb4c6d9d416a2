// The connection that the extension talks through: finds, sets up, starts, watches and ends the server.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as vscode from "vscode";
import type { Answer, SearchParams, ServerStatus, SimilarParams } from "../protocol.js";
import { asAnswerError } from "./answers.js";
import { chooseInterpreter } from "./choose-interpreter.js";
import { type Connection, Overtaken, type ServerState, Unanswerable } from "./connection.js";
import { afterEnd } from "./crashes.js";
import { debugFacts } from "./debug-facts.js";
import { formatDebugInfo, noteText } from "./debug-info.js";
import { type Environment, listEnvironments, removeOthers, useEnvironment } from "./environment.js";
import { type Found, findServer, type Search } from "./find.js";
import { launchOwn, safeEnvironment } from "./launch.js";
import {
  describeBare,
  describeCrashes,
  describeMissing,
  describeRefusal,
  describeStartFailure,
  describeUnanswered,
} from "./messages.js";
import {
  mentionSetting,
  type NoticeActions,
  offerSetUp,
  offerSetUpFrom,
  reportRefusal,
  reportSetUpFailure,
  reportStopped,
} from "./notices.js";
import { type ProbeOptions, probeInterpreter } from "./probe.js";
import { selectedInterpreters, watchSelected } from "./python-extension.js";
import { type RunningServer, startServer } from "./running-server.js";
import { setUpEnvironment } from "./set-up.js";
import { environmentsRoot, readPlaces, settingInterpreter, settingOf, workspacePaths } from "./surroundings.js";
import { traceChannel } from "./trace.js";
import { fits } from "./versions.js";
import { findWheel, type Wheel } from "./wheel.js";

const DISPOSE_LIMIT_MS = 1_500;
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
  readonly onDidChangeState = this.#changes.event;
  #state: ServerState = { kind: "starting" };
  /** Starts, stops and set-ups happen one after the other. */
  #queue: Promise<void> = Promise.resolve();
  #server: RunningServer | undefined;
  #running: Found | undefined;
  #leaveEnvironment: (() => Promise<void>) | undefined;
  #ends: readonly number[] = [];
  #restarting: NodeJS.Timeout | undefined;
  #lastSearch: Search | undefined;
  #wheel: Promise<Wheel | undefined> | undefined;
  /** The version and the hash of the wheel that the extension carries. */
  #wanted = "0.0.0";
  #hash: string | undefined;
  /** An interpreter that the person has chosen in this window. */
  #chosen: string | undefined;
  /** Set by a set-up: its environment counts, whatever the settings say, until they change. */
  #preferred: Environment | undefined;
  #disposing: Promise<void> | undefined;

  constructor(context: vscode.ExtensionContext, log: vscode.LogOutputChannel) {
    this.#context = context;
    this.#log = log;
    this.#trace = traceChannel(log);
    this.#disposables.push(
      this.#changes,
      this.#trace,
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (!event.affectsConfiguration("hunch.command") && !event.affectsConfiguration("hunch.interpreter")) return;
        this.#preferred = undefined;
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
      clearTimeout(this.#restarting);
      await this.#stop();
      // What was under way ends, too: a start is given up, pip is ended.
      await Promise.race([this.#queue, sleep(DISPOSE_LIMIT_MS, undefined, { ref: false })]);
      for (const one of this.#disposables) one.dispose();
    })();
    return this.#disposing;
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#queue = this.#queue.then(async () => {
      if (this.#ending.signal.aborted) return;
      clearTimeout(this.#restarting);
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
    const search = await this.#find();
    if (this.#ending.signal.aborted) return;
    if (search.found) return this.#launch(search.found);
    if (search.refused) {
      await this.#refuse(search.refused);
      return;
    }
    const outdated = (await listEnvironments(this.#root)).filter((one) => one.hash !== this.#hash);
    if (outdated.length && (await this.#bundled())) return this.#update(outdated);
    this.#offerSetUp();
  }

  async #find(): Promise<Search> {
    const options = await this.#probeOptions();
    const own = (await listEnvironments(this.#root)).filter((one) => one.hash === this.#hash);
    const preferred = this.#preferred && (await this.#own(this.#preferred));
    if (preferred) return { found: preferred, refused: undefined, notes: [] };
    const search = await findServer(await readPlaces(options.env, own, this.#log), own, options);
    this.#lastSearch = search;
    for (const note of search.notes) this.#log.info(`looked at ${noteText(note)}`);
    if (!search.notes.length) this.#log.info("no server was found anywhere");
    return search;
  }

  /** An environment that is known to be there, as a place that was found. */
  async #own(environment: Environment): Promise<Found | undefined> {
    const answer = await probeInterpreter(environment.interpreter, await this.#probeOptions(), launchOwn);
    if (!("ok" in answer)) return undefined;
    const candidate = { source: "own", path: environment.interpreter } as const;
    return { candidate, ...answer.ok, environment: environment.folder };
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
        cwd: this.#storage,
        env: this.#env(),
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
    if (found.environment) void this.#removeOutdated(found.environment);
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
      const search = await this.#find();
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
    const wheel = await this.#bundled();
    if (!wheel) {
      this.#fail(
        vscode.l10n.t("This build of the extension carries no server: set hunch.interpreter or hunch.command."),
      );
      return false;
    }
    const before = this.#state;
    const options = await this.#probeOptions();
    const trusted = vscode.workspace.isTrusted;
    const result = await setUpEnvironment({
      root: this.#root,
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
    const found = await this.#own(result.environment);
    if (!found) throw new Error(result.environment.folder);
    this.#preferred = result.environment;
    this.#ends = [];
    await this.#launch(found);
    this.#mentionSetting();
    return true;
  }

  /** The extension is newer than the environment that the person had it make: that one goes on until there is another. */
  async #update(outdated: readonly Environment[]): Promise<void> {
    this.#log.info("the extension carries another server than its environment has: making it anew");
    for (const environment of outdated.filter((one) => fits(one.version, this.#wanted))) {
      const found = await this.#own(environment);
      if (!found) continue;
      await this.#launch(found);
      void this.#inTurn(async () => void (await this.#makeOwn(true)));
      return;
    }
    await this.#makeOwn();
  }

  async #removeOutdated(kept: string): Promise<void> {
    for (const folder of await removeOthers(this.#root, kept)) this.#log.info(`removed ${folder}`);
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

  #refuse({ candidate, problem }: NonNullable<Search["refused"]>): Promise<unknown> | undefined {
    if (problem.kind === "no-hunch") {
      const message = describeBare(candidate);
      this.#tell({ kind: "missing", message });
      // Who has just chosen it has read that an environment is made from it.
      if (this.#chosen === candidate.written) return this.#makeOwn();
      offerSetUpFrom(message, this.#actions);
      return undefined;
    }
    const message = describeRefusal(candidate, problem, this.#wanted);
    this.#log.error(message);
    this.#tell({ kind: "failed", message });
    reportRefusal(message, candidate, this.#actions);
    return undefined;
  }

  #fail(message: string): void {
    this.#log.error(message);
    this.#tell({ kind: "failed", message });
    reportStopped(message, this.#actions);
  }

  /** An interpreter without hunch stands for the environment that was made from it: that one is in order. */
  #mentionSetting(): void {
    const refused = this.#lastSearch?.refused;
    if (refused && refused.problem.kind !== "no-hunch") mentionSetting(refused.candidate);
  }

  async #choose(): Promise<void> {
    const before = settingOf("interpreter");
    const options = await this.#probeOptions();
    const asked = await settingInterpreter(options.env);
    const chosen = await chooseInterpreter(options, asked ? [asked] : await selectedInterpreters(this.#log));
    if (chosen === undefined) return;
    this.#chosen = chosen;
    // The same one again changes no setting; it is another try nevertheless.
    if (before === chosen) void this.restart();
  }

  // ---- facts ----

  get #storage(): string {
    return this.#context.globalStorageUri.fsPath;
  }

  get #root(): string {
    return environmentsRoot(this.#context);
  }

  #bundled(): Promise<Wheel | undefined> {
    this.#wheel ??= findWheel(join(this.#context.extensionPath, "server"));
    return this.#wheel;
  }

  #env(): NodeJS.ProcessEnv {
    return safeEnvironment(process.env, workspacePaths());
  }

  async #probeOptions(): Promise<ProbeOptions> {
    await mkdir(this.#root, { recursive: true });
    const wheel = await this.#bundled();
    this.#hash = wheel?.hash;
    this.#wanted = wheel?.version ?? String(this.#context.extension.packageJSON.version);
    return { cwd: this.#storage, env: this.#env(), wanted: this.#wanted, signal: this.#ending.signal };
  }

  async debugInfo(): Promise<string> {
    const version = String(this.#context.extension.packageJSON.version);
    const notes = this.#lastSearch?.notes ?? [];
    return formatDebugInfo(debugFacts(version, await this.#bundled(), this.#state, this.#running, notes));
  }
}
