import { expect, test } from "vitest";
import { candidatesOf, type Places } from "../../../src/server/provisioning/candidates.js";

const everything: Places = {
  trusted: true,
  command: undefined,
  interpreter: undefined,
  selected: ["/venv/bin/python", "/venv/bin/python"],
  onPath: ["/usr/bin/hunch", "/opt/bin/hunch"],
  own: ["/storage/a/bin/python"],
};
const command = { written: "~/hunch", paths: ["/home/me/hunch"] };
const interpreter = { written: "python3", path: "/usr/bin/python3" };

const shown = (places: Places) => candidatesOf(places).map(({ source, path }) => `${source} ${path}`);

test("the selected environment comes before PATH, and the own environment last", () => {
  expect(shown(everything)).toEqual([
    "selected /venv/bin/python",
    "path /usr/bin/hunch",
    "path /opt/bin/hunch",
    "own /storage/a/bin/python",
  ]);
});

test("what a setting names is the only place, and the command comes before the interpreter", () => {
  expect(candidatesOf({ ...everything, interpreter })).toEqual([
    { source: "interpreter", path: "/usr/bin/python3", written: "python3" },
  ]);
  expect(candidatesOf({ ...everything, interpreter, command })).toEqual([
    { source: "command", path: "/home/me/hunch", written: "~/hunch" },
  ]);
});

test("a command that is not on PATH is kept as it is written, to be reported", () => {
  expect(shown({ ...everything, command: { written: "hunch-nightly", paths: [] } })).toEqual(["command hunch-nightly"]);
});

test("in restricted mode only the own environment counts, whatever is set", () => {
  expect(shown({ ...everything, trusted: false, command, interpreter })).toEqual(["own /storage/a/bin/python"]);
  expect(shown({ ...everything, trusted: false, own: [] })).toEqual([]);
});
