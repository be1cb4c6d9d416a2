import { describe, expect, test } from "vitest";
import { asAnswerError, Overtaken, Unanswerable } from "../../src/server/connection.js";
import { readLogLine } from "../../src/server/log.js";
import { rankPythons } from "../../src/server/provisioning/find-python.js";
import type { Python } from "../../src/server/provisioning/probe.js";
import { fits, isNewEnough, isOlder } from "../../src/server/provisioning/versions.js";
import { afterEnd, MOST_RESTARTS } from "../../src/server/restarts.js";
import { pickSettings } from "../../src/server/settings.js";

describe("how a question ends", () => {
  const gone = "it has ended";
  const failed = (code: number) => Object.assign(new Error("query: empty"), { code });

  test.each([-32800, -32802])("%i is overtaken", (code) => {
    expect(asAnswerError(failed(code), false, gone)).toBeInstanceOf(Overtaken);
  });

  test.each([-32602, -32603])("%i is told in the server's words", (code) => {
    const error = asAnswerError(failed(code), false, gone);
    expect(error).toBeInstanceOf(Unanswerable);
    expect(error.message).toBe("query: empty");
  });

  test("whatever comes after a cancellation is overtaken", () => {
    expect(asAnswerError(failed(-32602), true, gone)).toBeInstanceOf(Overtaken);
  });

  test("a connection that was lost is told in our words", () => {
    expect(asAnswerError(failed(-32097), false, gone).message).toBe(gone);
  });
});

describe("after a server has ended by itself", () => {
  test("it comes back four times in three minutes, later each time", () => {
    let ends: readonly number[] = [];
    const delays: (number | undefined)[] = [];
    for (let at = 0; at <= MOST_RESTARTS; at++) {
      const after = afterEnd(ends, at * 1_000);
      ends = after.ends;
      delays.push(after.restartInMs);
    }
    expect(delays.at(-1)).toBeUndefined();
    const restarts = delays.slice(0, -1) as number[];
    expect(restarts).toHaveLength(4);
    expect(restarts).toEqual([...restarts].sort((one, other) => one - other));
  });

  test("ends long ago do not count", () => {
    const old = [0, 1, 2, 3, 4].map((minute) => minute * 60_000);
    expect(afterEnd(old, 10 * 60_000).ends).toEqual([10 * 60_000]);
  });
});

test.each([
  ["0.1.0", "0.1.9", true],
  ["0.1.0rc1", "0.1.0", true],
  ["0.2.0", "0.1.0", false],
  ["1.1.0", "0.1.0", false],
  ["0.10.0", "0.1.0", false],
])("server %s with wheel %s: %s", (version, wanted, expected) => {
  expect(fits(version, wanted)).toBe(expected);
});

test("versions are compared by number", () => {
  expect(isOlder("0.9.0", "0.10.0")).toBe(true);
  expect(isOlder("0.10.0", "0.9.9")).toBe(false);
  expect(isNewEnough([3, 9, 18])).toBe(false);
  expect(isNewEnough([3, 10, 0])).toBe(true);
});

test("an ordinary Python that packages exist for comes before a newer or an odd one", () => {
  const python = (path: string, minor: number, changes: Partial<Python> = {}): Python => ({
    path,
    executable: path,
    prefix: path,
    version: [3, minor, 1],
    hasHunch: false,
    canMakeEnvironments: true,
    isUsual: true,
    ...changes,
  });
  const found = [
    python("alpha", 15),
    python("old", 9),
    python("bare", 12, { canMakeEnvironments: false }),
    python("threads", 13, { isUsual: false }),
    python("usual", 11),
  ];
  const { usable, old, bare } = rankPythons(found);
  expect(usable.map(({ path }) => path)).toEqual(["usual", "alpha", "threads"]);
  expect(old.map(({ path }) => path)).toEqual(["old"]);
  expect(bare.map(({ path }) => path)).toEqual(["bare"]);
});

test("only what the server knows is sent to it", () => {
  const all: Record<string, unknown> = { cpuShare: 0.25, command: "/bin/hunch", similarHints: false, maxResults: 9 };
  expect(pickSettings((name) => all[name])).toEqual({ cpuShare: 0.25, similarHints: false });
  const old: Record<string, unknown> = { readInContext: false, contextualEmbeddings: true };
  expect(pickSettings((name) => old[name])).toEqual({ contextualEmbeddings: false });
});

test("lines of the server's log keep their level", () => {
  expect(readLogLine("2025-01-02 03:04:05,678 WARNING hunch.live: slow disk")).toEqual({
    level: "warn",
    text: "hunch.live: slow disk",
  });
  expect(readLogLine("Traceback (most recent call last):").level).toBe("info");
});
