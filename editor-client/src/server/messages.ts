// What a person reads about the server that runs or ends: sentences, and messages with buttons, each once.

import * as vscode from "vscode";
import type { ServerState } from "./connection.js";
import type { Candidate } from "./provisioning/candidates.js";
import { withWords } from "./provisioning/messages.js";

/** What buttons do. */
export interface NoticeActions {
  setUp(): void;
  restart(): void;
  chooseInterpreter(): void;
  showLogs(): void;
  /** The person does not want to be asked at every start. */
  decline(): void;
}

type Button = readonly [label: string, press: () => void];

/** No server was found. */
export function offerSetUp(message: string, actions: NoticeActions): void {
  const buttons: Button[] = [[setUpLabel(), actions.setUp]];
  // In restricted mode an interpreter that is chosen would not be used.
  if (vscode.workspace.isTrusted) buttons.push([chooseLabel(), actions.chooseInterpreter]);
  buttons.push([vscode.l10n.t("Not Now"), actions.decline]);
  show(vscode.window.showInformationMessage, message, buttons);
}

/** The interpreter that a setting names has no hunch, and one can be put beside it. */
export function offerSetUpFrom(message: string, actions: NoticeActions): void {
  const settings: Button = [openLabel(), () => void openSetting("interpreter")];
  const buttons: Button[] = [[setUpLabel(), actions.setUp], [chooseLabel(), actions.chooseInterpreter], settings];
  show(vscode.window.showWarningMessage, message, buttons);
}

/** A setting names something that cannot be used. */
export function reportRefusal(message: string, candidate: Candidate, actions: NoticeActions): void {
  show(vscode.window.showErrorMessage, message, [
    [openLabel(), () => void openSetting(candidate.source)],
    [setUpLabel(), actions.setUp],
    [logLabel(), actions.showLogs],
  ]);
}

/** The server does not start, or not again. */
export function reportStopped(message: string, actions: NoticeActions): void {
  show(vscode.window.showErrorMessage, message, [
    [vscode.l10n.t("Restart"), actions.restart],
    [logLabel(), actions.showLogs],
  ]);
}

/** The own environment could not be made. */
export function reportSetUpFailure(message: string, actions: NoticeActions): void {
  show(vscode.window.showErrorMessage, message, [
    [vscode.l10n.t("Retry"), actions.setUp],
    [chooseLabel(), actions.chooseInterpreter],
    [logLabel(), actions.showLogs],
  ]);
}

/** The own environment runs though a setting asks for something else, which cannot be used. */
export function mentionSetting(candidate: Candidate): void {
  const message = vscode.l10n.t(
    "Hunch now runs in an environment of its own. The setting hunch.{0} still names something that cannot be used.",
    candidate.source,
  );
  show(vscode.window.showWarningMessage, message, [[openLabel(), () => void openSetting(candidate.source)]]);
}

function show(
  showMessage: (message: string, ...labels: string[]) => Thenable<string | undefined>,
  message: string,
  buttons: readonly Button[],
): void {
  void showMessage(message, ...buttons.map(([label]) => label)).then((chosen) => {
    buttons.find(([label]) => label === chosen)?.[1]();
  });
}

async function openSetting(source: string): Promise<void> {
  const id = source === "command" ? "hunch.command" : "hunch.interpreter";
  // Where the extension runs on another machine than the window, that machine has settings of its own for such places.
  const isRemote = vscode.env.remoteName !== undefined;
  const command = isRemote ? "workbench.action.openRemoteSettings" : "workbench.action.openSettings";
  await vscode.commands.executeCommand(command, isRemote ? { query: `@id:${id}` } : `@id:${id}`);
}

const setUpLabel = () => vscode.l10n.t("Set Up Hunch");
const chooseLabel = () => vscode.l10n.t("Choose Interpreter...");
const logLabel = () => vscode.l10n.t("Show Log");
const openLabel = () => vscode.l10n.t("Open Settings");

export function describeStartFailure(said: string): string {
  return withWords(vscode.l10n.t("Hunch's server does not start."), said);
}

/** Why a question is not answered while no server runs. */
export function describeUnanswered(state: ServerState): string {
  if (state.kind === "installing") return vscode.l10n.t("Hunch is still being set up. {0}", state.message);
  return "message" in state ? state.message : vscode.l10n.t("Hunch's server is not running.");
}

export function describeCrashes(count: number): string {
  return vscode.l10n.t("Hunch's server ended {0} times within three minutes and is not started again.", count);
}
