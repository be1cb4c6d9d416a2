import { expect, test } from "vitest";
import { expandPath, type Surroundings } from "../../../src/server/provisioning/paths.js";

const around: Surroundings = {
  home: "/home/me",
  folder: "/projects/first",
  folders: new Map([
    ["first", "/projects/first"],
    ["second", "/projects/second"],
  ]),
  env: { TOOLS: "/opt/tools" },
};

test.each([
  ["hunch", "hunch"],
  ["  /usr/bin/hunch ", "/usr/bin/hunch"],
  ["~/bin/hunch", "/home/me/bin/hunch"],
  ["~", "/home/me"],
  // Somebody else's home folder is not known here.
  ["~you/hunch", "/projects/first/~you/hunch"],
  [".venv/bin/python", "/projects/first/.venv/bin/python"],
  ["./hunch", "/projects/first/hunch"],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: that is how settings are written
  ["${workspaceFolder}/.venv/bin/python", "/projects/first/.venv/bin/python"],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: that is how settings are written
  ["${workspaceFolder:second}/hunch", "/projects/second/hunch"],
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
