// Makes the extension's own environment before the person's eyes.

import { homedir } from "node:os";
import * as vscode from "vscode";
import { type Environment, makeEnvironment, SetUpFailure, type SetUpStep } from "./environment.js";
import { findPythons, rankPythons } from "./find-python.js";
import { describeFailure, describeNoPython, describeStep } from "./messages.js";
import { isInside } from "./paths.js";
import { type ProbeOptions, type Python, probePython } from "./probe.js";
import { isNewEnough } from "./versions.js";
import type { Wheel } from "./wheel.js";

export interface SetUpOptions {
  readonly root: string;
  readonly wheel: Wheel;
  readonly probe: ProbeOptions;
  /** The interpreter that the setting names: if it is a Python that is new enough, no other is taken. */
  readonly asked: string | undefined;
  /** Interpreters that the person has chosen elsewhere. */
  readonly selected: readonly string[];
  /** Folders whose interpreters are not run. */
  readonly shunned: readonly string[];
  readonly log: vscode.LogOutputChannel;
  readonly signal: AbortSignal;
  readonly onStep: (message: string) => void;
}

/** How it went: the environment, or why there is none, in words for the person. */
export type SetUpResult =
  | { readonly environment: Environment }
  | { readonly failure: string; readonly isCancelled: boolean };

export async function setUpEnvironment(options: SetUpOptions): Promise<SetUpResult> {
  const shown = {
    location: vscode.ProgressLocation.Notification,
    title: vscode.l10n.t("Setting up Hunch"),
    cancellable: true,
  };
  return vscode.window.withProgress(shown, async (progress, token) => {
    const cancelling = new AbortController();
    const listening = token.onCancellationRequested(() => cancelling.abort());
    const signal = AbortSignal.any([options.signal, cancelling.signal]);
    const say = (message: string) => {
      progress.report({ message });
      options.onStep(message);
    };
    try {
      return await make(options, signal, say);
    } finally {
      listening.dispose();
    }
  });
}

async function make(options: SetUpOptions, signal: AbortSignal, say: (message: string) => void): Promise<SetUpResult> {
  const { log, probe } = options;
  say(vscode.l10n.t("Looking for Python\u2026"));
  const python = (await askedPython(options, signal)) ?? (await anyPython(options, signal));
  if (signal.aborted) return { failure: describeFailure({ kind: "cancelled" }), isCancelled: true };
  if ("failure" in python) return { ...python, isCancelled: false };
  log.info(`setting up ${options.wheel.version} with ${python.executable} (${python.version.join(".")})`);
  try {
    const environment = await makeEnvironment({
      root: options.root,
      wheel: options.wheel,
      python,
      env: probe.env,
      signal,
      onStep: (step: SetUpStep) => say(describeStep(step)),
      onLine: (line) => log.info(line),
    });
    log.info(`set up in ${environment.folder}`);
    return { environment };
  } catch (error) {
    if (!(error instanceof SetUpFailure)) throw error;
    log.error(`setting up failed: ${error.message}`);
    return { failure: describeFailure(error.problem), isCancelled: error.problem.kind === "cancelled" };
  }
}

async function askedPython(
  { asked, probe, shunned }: SetUpOptions,
  signal: AbortSignal,
): Promise<Python | { readonly failure: string } | undefined> {
  if (asked === undefined || shunned.some((folder) => isInside(asked, folder))) return undefined;
  const answer = await probePython(asked, { ...probe, signal });
  if (!("ok" in answer) || !isNewEnough(answer.ok.version)) return undefined;
  return answer.ok.canMakeEnvironments ? answer.ok : { failure: describeNoPython(rankPythons([answer.ok])) };
}

async function anyPython(
  { selected, probe, shunned }: SetUpOptions,
  signal: AbortSignal,
): Promise<Python | { readonly failure: string }> {
  const places = { preferred: selected, env: probe.env, home: homedir(), shunned };
  const pythons = await findPythons(places, { ...probe, signal }, true);
  return pythons.usable[0] ?? { failure: describeNoPython(pythons) };
}
