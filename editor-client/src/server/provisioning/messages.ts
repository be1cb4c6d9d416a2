// What a person reads about finding a server and setting it up.

import { l10n } from "vscode";
import type { Candidate } from "./candidates.js";
import type { SetUpProblem, SetUpStep } from "./environment.js";
import type { FoundPythons } from "./find-python.js";
import type { Problem } from "./probe.js";
import { isOlder, seriesOf } from "./versions.js";

/** About a setting that names something that cannot be used. */
export function describeRefusal(candidate: Candidate, problem: Problem, wanted: string): string {
  const setting = candidate.source === "command" ? "hunch.command" : "hunch.interpreter";
  const written = candidate.written ?? candidate.path;
  const shown = written === candidate.path ? written : `${written} (${candidate.path})`;
  return l10n.t(
    "The setting {0} names {1}, which cannot be used: {2}",
    setting,
    shown,
    describeProblem(problem, wanted),
  );
}

/** One sentence that says what is wrong with a program. */
export function describeProblem(problem: Problem, wanted: string): string {
  switch (problem.kind) {
    case "not-on-path":
      return l10n.t("there is no program of that name on PATH.");
    case "missing-file":
      return l10n.t("there is no such file.");
    case "folder":
      return l10n.t("it is a folder.");
    case "not-executable":
      return l10n.t("it cannot be run as a program.");
    case "too-slow":
      return l10n.t("it did not answer within {0} seconds.", problem.seconds);
    case "not-python":
      return withWords(l10n.t("it is not a Python interpreter."), problem.said);
    case "old-python":
      return l10n.t("it is Python {0}, and Hunch needs Python 3.10 or newer.", problem.version);
    case "no-hunch":
      return l10n.t("this Python has no module hunch.");
    case "not-hunch":
      return withWords(l10n.t("it is something else that is called hunch."), problem.said);
    case "other-version":
      return isOlder(problem.version, wanted)
        ? l10n.t("it is Hunch {0}, which is too old: this extension needs {1}.x.", problem.version, seriesOf(wanted))
        : l10n.t("it is Hunch {0}, which is too new: this extension needs {1}.x.", problem.version, seriesOf(wanted));
    case "broken":
      return withWords(l10n.t("it ended with an error."), problem.said);
  }
}

/** About a setting that names an interpreter without hunch. */
export function describeBare(candidate: Candidate): string {
  return l10n.t(
    "{0}, which the setting hunch.interpreter names, has no module hunch. Hunch can make an environment of its own from it.",
    candidate.path,
  );
}

export function describeMissing(trusted: boolean): string {
  return trusted
    ? l10n.t("Hunch's server is not set up yet: it needs an environment of its own, made once, with one click.")
    : l10n.t("Hunch's server is not set up yet. In restricted mode only an environment of its own is used.");
}

export function describeStep(step: SetUpStep): string {
  switch (step.kind) {
    case "wait":
      return l10n.t("Another window is setting Hunch up\u2026");
    case "environment":
      return l10n.t("Step 1 of 4: making an environment with Python {0}\u2026", step.python.version.join("."));
    case "packages":
      switch (step.step.kind) {
        case "find":
          return l10n.t("Step 2 of 4: finding packages, {0} so far: {1}\u2026", step.found, step.step.name);
        case "download":
          return l10n.t("Step 2 of 4: downloading {0} ({1})\u2026", step.step.name, step.step.size);
        case "build":
          return l10n.t("Step 3 of 4: building {0}\u2026", step.step.name);
        case "install":
          return l10n.t("Step 3 of 4: installing {0} packages\u2026", step.step.count);
      }
      break;
    case "check":
      return l10n.t("Step 4 of 4: trying it out\u2026");
  }
  return "";
}

export function describeFailure(problem: SetUpProblem): string {
  switch (problem.kind) {
    case "no-venv":
      return problem.debianPackage
        ? l10n.t(
            '{0} cannot make environments. Install what it lacks with "apt install {1}", then retry.',
            problem.python,
            problem.debianPackage,
          )
        : l10n.t(
            '{0} cannot make environments: it has no venv or ensurepip module. On Debian and Ubuntu, "apt install python3-venv" adds them; or choose another Python.',
            problem.python,
          );
    case "no-network":
      return l10n.t(
        "Hunch could not be set up: the package index cannot be reached, and the packages that Hunch needs come from there. Try again with a network, or choose an interpreter in which Hunch is installed already.",
      );
    case "no-package":
      return l10n.t(
        "Hunch could not be set up: the package index has no {0} that fits Python {1} on this machine. Choose another Python from 3.10 to 3.14.",
        problem.name,
        problem.python,
      );
    case "changed":
      return l10n.t(
        "Hunch could not be set up: {0} from the package index is not the file that belongs to this Hunch, its checksum differs. Nothing of it was installed.",
        problem.name,
      );
    case "disk-full":
      return l10n.t("Hunch could not be set up: the disk is full. It needs about 500 MB in {0}.", problem.folder);
    case "unusable":
      return withWords(l10n.t("Hunch was installed, but does not start with this Python."), problem.said);
    case "cancelled":
      return l10n.t("Setting Hunch up was cancelled.");
    case "other":
      return withWords(l10n.t("Hunch could not be set up."), problem.said);
  }
}

/** When no Python is there that an environment could be made from. */
export function describeNoPython(found: FoundPythons): string {
  const [bare] = found.bare;
  if (bare) return describeFailure({ kind: "no-venv", python: bare.executable, debianPackage: undefined });
  const [old] = found.old;
  return old
    ? l10n.t(
        "Hunch needs Python 3.10 or newer; {0} is Python {1}. Install a newer one from python.org or your system's packages, then retry, or choose one.",
        old.executable,
        old.version.join("."),
      )
    : l10n.t(
        "No Python was found on this machine, and Hunch needs Python 3.10 or newer. Install it from python.org or your system's packages, then retry, or choose one.",
      );
}

/** A sentence with what a program said. */
export function withWords(sentence: string, said: string): string {
  return said ? l10n.t("{0} It says: {1}", sentence, said) : sentence;
}
