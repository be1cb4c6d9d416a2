import { expect, it } from "vitest";
import { MOST_PAST, type PastQuery, readHistory, withoutQuery, withQuery } from "../../src/results/history.js";

const queries = (history: readonly PastQuery[]) => history.map((past) => past.query);

it("keeps past queries newest first, each once, with its last time", () => {
  const history = ["a", "b", " a "].reduce<PastQuery[]>((past, query, at) => withQuery(past, query, at), []);
  expect(history).toEqual([
    { query: "a", askedAt: 2 },
    { query: "b", askedAt: 1 },
  ]);
});

it("leaves out what holds no words", () => {
  expect(withQuery([{ query: "a", askedAt: 1 }], "  ", 2)).toEqual([{ query: "a", askedAt: 1 }]);
});

it("keeps a hundred", () => {
  const all = Array.from({ length: 120 }, (_, at) => `q${at}`);
  const history = all.reduce<PastQuery[]>((past, query, at) => withQuery(past, query, at), []);
  expect(history).toHaveLength(MOST_PAST);
  expect(queries(history).at(0)).toBe("q119");
  expect(queries(history).at(-1)).toBe("q20");
});

it("forgets one", () => {
  const history = ["a", "b"].map((query) => ({ query, askedAt: 0 }));
  expect(queries(withoutQuery(history, "a"))).toEqual(["b"]);
});

it.each([
  [undefined, []],
  ["a", []],
  [["a", { query: "b" }, null, { query: "c", askedAt: 1 }], ["c"]],
])("reads %j", (stored, expected) => {
  expect(queries(readHistory(stored))).toEqual(expected);
});
