import { expect, test } from "vitest";
import { expandPath, type Surroundings } from "../../src/server/setting-path.js";

const around: Surroundings = {
  home: "/home/me",
  folder: "/work/first",
  folders: new Map([
    ["first", "/work/first"],
    ["second", "/work/second"],
  ]),
  env: { TOOLS: "/opt/tools" },
};

test.each([
  ["hunch", "hunch"],
  ["  /usr/bin/hunch ", "/usr/bin/hunch"],
  ["~/bin/hunch", "/home/me/bin/hunch"],
  ["~", "/home/me"],
  // Somebody else's home folder is not known here.
  ["~you/hunch", "/work/first/~you/hunch"],
  [".venv/bin/python", "/work/first/.venv/bin/python"],
  ["./hunch", "/work/first/hunch"],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: that is how settings are written
  ["${workspaceFolder}/.venv/bin/python", "/work/first/.venv/bin/python"],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: that is how settings are written
  ["${workspaceFolder:second}/hunch", "/work/second/hunch"],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: that is how settings are written
  ["${env:TOOLS}/hunch", "/opt/tools/hunch"],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: that is how settings are written
  ["${userHome}/x y/hunch", "/home/me/x y/hunch"],
])("%s is %s", (written, expected) => {
  expect(expandPath(written, around)).toBe(expected);
});

test("without a folder, a relative path is one of the home folder", () => {
  expect(expandPath("./hunch", { ...around, folder: undefined })).toBe("/home/me/hunch");
});
