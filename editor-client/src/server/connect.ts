// The connection that the extension talks through: finds, sets up, starts, watches and ends the server.

import { mkdir } from "node:fs/promises";
import { homedir, release } from "node:os";
import { join } from "node:path";
import * as vscode from "vscode";
import type { Answer, SearchParams, ServerStatus, SimilarParams } from "../protocol.js";
import { asAnswerError } from "./answers.js";
import { chooseInterpreter } from "./choose-interpreter.js";
import { type Connection, Overtaken, type ServerState, Unanswerable } from "./connection.js";
import { afterEnd } from "./crashes.js";
import { formatDebugInfo } from "./debug-info.js";
import { type Environment, listEnvironments, removeOthers, useEnvironment } from "./environment.js";
import { type Found, findServer, type Search } from "./find.js";
import { launchOwn, safeEnvironment } from "./launch.js";
import { describeCrashes, describeMissing, describeRefusal, describeStartFailure } from "./messages.js";
import { type ProbeOptions, probeInterpreter } from "./probe.js";
import { selectedInterpreters, watchSelected } from "./python-extension.js";
import { type RunningServer, startServer } from "./running-server.js";
import { setUpEnvironment } from "./set-up.js";
import { environmentsRoot, readPlaces, settingInterpreter, settingOf, workspacePaths } from "./surroundings.js";
import { traceChannel } from "./trace.js";
import { fits } from "./versions.js";
import { findWheel, type Wheel } from "./wheel.js";

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
      throw new Unanswerable("message" in state ? state.message : vscode.l10n.t("Hunch's server is not running."));
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
    if (search.refused) return this.#refuse(search.refused);
    const outdated = (await listEnvironments(this.#root)).filter((one) => !this.#isPresent(one));
    if (outdated.length && (await this.#bundled())) return this.#update(outdated);
    this.#offerSetUp();
  }

  async #find(): Promise<Search> {
    const options = await this.#probeOptions();
    const wheel = await this.#bundled();
    const all = await listEnvironments(this.#root);
    const own = all.filter((one) => one.version === wheel?.version && one.hash === wheel.hash);
    this.#presentHash = wheel?.hash;
    const preferred = this.#preferred;
    if (preferred) {
      const found = await this.#own(preferred);
      if (found) return { found, refused: undefined, notes: [{ candidate: found.candidate, version: found.version }] };
    }
    const places = await readPlaces(options.env, own, this.#log);
    const search = await findServer(places, own, options);
    this.#lastSearch = search;
    for (const { candidate, version, problem } of search.notes) {
      const said = problem ? JSON.stringify(problem) : `hunch ${version}`;
      this.#log.info(`looked at ${candidate.path} (${candidate.source}): ${said}`);
    }
    return search;
  }

  #presentHash: string | undefined;

  #isPresent(environment: Environment): boolean {
    return environment.hash === this.#presentHash;
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
        this.#refuse(search.refused);
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

  /** Makes the environment, starts in it, and says how it went. */
  async #makeOwn(): Promise<boolean> {
    const wheel = await this.#bundled();
    if (!wheel) {
      this.#miss(
        vscode.l10n.t("This build of the extension carries no server. Set hunch.interpreter or hunch.command."),
      );
      this.#say(this.#state, "error");
      return false;
    }
    const before = this.#state;
    const options = await this.#probeOptions();
    const result = await setUpEnvironment({
      root: this.#root,
      wheel,
      probe: options,
      preferred: await this.#preferredPythons(options.env),
      shunned: vscode.workspace.isTrusted ? [] : workspacePaths(),
      log: this.#log,
      signal: this.#ending.signal,
      // What runs goes on running until there is something better.
      onStep: (message) => this.#server || this.#tell({ kind: "installing", message }),
    });
    if (this.#ending.signal.aborted) return false;
    if ("failure" in result) {
      if (!this.#server) this.#tell(before.kind === "failed" ? before : { kind: "missing", message: result.failure });
      if (!result.isCancelled) this.#sayFailure(result.failure);
      return false;
    }
    const found = await this.#own(result.environment);
    if (!found) throw new Error(result.environment.folder);
    this.#preferred = result.environment;
    this.#ends = [];
    await this.#launch(found);
    this.#mentionSettings();
    return true;
  }

  /** The extension is newer than the environment that the person had it make. */
  async #update(outdated: readonly Environment[]): Promise<void> {
    this.#log.info("the extension carries another server than its environment has: making it anew");
    if (await this.#makeOwn()) return;
    const wheel = await this.#bundled();
    for (const environment of outdated) {
      const found = wheel && fits(environment.version, wheel.version) ? await this.#own(environment) : undefined;
      if (found) {
        this.#log.warn(`going on with server ${found.version}`);
        return this.#launch(found);
      }
    }
  }

  async #preferredPythons(env: NodeJS.ProcessEnv): Promise<string[]> {
    const setting = await settingInterpreter(env);
    if (!vscode.workspace.isTrusted) return setting ? [setting] : [];
    return [...(setting ? [setting] : []), ...(await selectedInterpreters(this.#log))];
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

  #miss(message: string): void {
    this.#tell({ kind: "missing", message });
  }

  #offerSetUp(): void {
    const message = describeMissing(vscode.workspace.isTrusted);
    this.#miss(message);
    if (this.#context.globalState.get(DECLINED)) return;
    const setUp = vscode.l10n.t("Set Up Hunch");
    const choose = vscode.l10n.t("Choose Interpreter...");
    const notNow = vscode.l10n.t("Not Now");
    const buttons = vscode.workspace.isTrusted ? [setUp, choose, notNow] : [setUp, notNow];
    void vscode.window.showInformationMessage(message, ...buttons).then((chosen) => {
      if (chosen === setUp) void this.setUp();
      if (chosen === choose) void this.#choose();
      if (chosen === notNow) void this.#context.globalState.update(DECLINED, true);
    });
  }

  #refuse(refused: NonNullable<Search["refused"]>): void {
    const message = describeRefusal(refused.candidate, refused.problem, this.#wanted);
    this.#tell({ kind: "failed", message });
    const settings = vscode.l10n.t("Open Settings");
    const setUp = vscode.l10n.t("Set Up Hunch");
    const show = vscode.l10n.t("Show Log");
    this.#log.error(message);
    void vscode.window.showErrorMessage(message, settings, setUp, show).then((chosen) => {
      if (chosen === settings) void this.#openSettings(refused.candidate.source);
      if (chosen === setUp) void this.setUp();
      if (chosen === show) this.showLogs();
    });
  }

  #fail(message: string): void {
    this.#tell({ kind: "failed", message });
    this.#say(this.#state, "error");
  }

  #say(state: ServerState, _severity: "error"): void {
    const message = "message" in state ? state.message : "";
    const restart = vscode.l10n.t("Restart");
    const show = vscode.l10n.t("Show Log");
    this.#log.error(message);
    void vscode.window.showErrorMessage(message, restart, show).then((chosen) => {
      if (chosen === restart) void this.restart();
      if (chosen === show) this.showLogs();
    });
  }

  #sayFailure(message: string): void {
    const retry = vscode.l10n.t("Retry");
    const choose = vscode.l10n.t("Choose Interpreter...");
    const show = vscode.l10n.t("Show Log");
    void vscode.window.showErrorMessage(message, retry, choose, show).then((chosen) => {
      if (chosen === retry) void this.setUp();
      if (chosen === choose) void this.#choose();
      if (chosen === show) this.showLogs();
    });
  }

  /** The own environment runs though a setting asks for something else, which could not be used. */
  #mentionSettings(): void {
    const refused = this.#lastSearch?.refused;
    if (!refused) return;
    const name = refused.candidate.source === "command" ? "command" : "interpreter";
    // An interpreter without hunch stands for the environment that was made from it.
    if (!settingOf(name) || refused.problem.kind === "no-hunch") return;
    const message = vscode.l10n.t(
      "Hunch now runs in an environment of its own. The setting hunch.{0} still names something that cannot be used.",
      name,
    );
    const settings = vscode.l10n.t("Open Settings");
    void vscode.window.showWarningMessage(message, settings).then((chosen) => {
      if (chosen === settings) void this.#openSettings(refused.candidate.source);
    });
  }

  async #choose(): Promise<void> {
    const before = settingOf("interpreter");
    const options = await this.#probeOptions();
    if (!(await chooseInterpreter(options, await this.#preferredPythons(options.env)))) return;
    // The same one again changes no setting; it is another try nevertheless.
    if (settingOf("interpreter") === before) void this.restart();
  }

  async #openSettings(source: string): Promise<void> {
    const id = source === "command" ? "hunch.command" : "hunch.interpreter";
    await vscode.commands.executeCommand("workbench.action.openSettings", `@id:${id}`);
  }

  // ---- facts ----

  get #storage(): string {
    return this.#context.globalStorageUri.fsPath;
  }

  get #root(): string {
    return environmentsRoot(this.#context);
  }

  #wanted = "0.0.0";

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
    this.#wanted = wheel?.version ?? String(this.#context.extension.packageJSON.version);
    return { cwd: this.#storage, env: this.#env(), wanted: this.#wanted, signal: this.#ending.signal };
  }

  async debugInfo(): Promise<string> {
    const wheel = await this.#bundled();
    const { state } = this;
    const python = this.#running?.python;
    const configuration = vscode.workspace.getConfiguration("hunch");
    const names = ["command", "interpreter", "cpuShare", "pauseOnBattery", "similarHints", "workspaceSymbols"];
    const settings: Record<string, unknown> = {};
    for (const name of [...names, "maxResults", "trace.server"]) settings[name] = configuration.get(name);
    const launch = this.#running?.launch;
    return formatDebugInfo({
      extension: String(this.#context.extension.packageJSON.version),
      wheel: wheel && `${wheel.version} (${wheel.hash})`,
      editor: `${vscode.env.appName} ${vscode.version}`,
      system: `${process.platform} ${release()} ${process.arch}, Node ${process.versions.node}`,
      remote: vscode.env.remoteName,
      ui: `${vscode.env.uiKind === vscode.UIKind.Web ? "web" : "desktop"}, host ${vscode.env.appHost}`,
      trusted: vscode.workspace.isTrusted,
      state,
      status: state.kind === "running" ? state.status : undefined,
      notes: this.#lastSearch?.notes ?? [],
      interpreter: python && { path: python.path, version: python.version.join(".") },
      running: launch && [launch.command, ...launch.args, "lsp"].join(" "),
      settings,
      home: homedir(),
      folders: workspacePaths(),
    });
  }
}
