// The bundle's own list of what is in it, made as the build makes it, against the lock and the text that ships.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
// @ts-expect-error a script of the build, without types
import { bundledPackages, noticesOf } from "../scripts/notices.mjs";

interface Package {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly texts: readonly string[];
}

const client = resolve(__dirname, "..");
let inputs: string[] = [];
let packages: Package[] = [];
let text = "";

beforeAll(async () => {
  const { metafile } = await build({
    absWorkingDir: client,
    entryPoints: ["src/extension.ts"],
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    external: ["vscode"],
    metafile: true,
    write: false,
    outfile: "dist/extension.js",
  });
  inputs = Object.keys(metafile.inputs);
  packages = bundledPackages(metafile, client);
  text = noticesOf(packages);
});

describe("the notices of the bundle", () => {
  it("name each package that the lock has for the shipped code, and none that only builds it", () => {
    const locked: Record<string, { version: string; dev?: boolean }> = JSON.parse(
      readFileSync(join(client, "package-lock.json"), "utf8"),
    ).packages;
    const shipped = Object.entries(locked)
      .filter(([path, { dev }]) => path !== "" && !dev)
      .map(([path, { version }]) => `${path.split("node_modules/").at(-1)} ${version}`);
    const used = shipped.filter((one) => inputs.some((path) => path.includes(`node_modules/${one.split(" ")[0]}/`)));
    expect(used.length).toBeGreaterThan(3);
    expect(packages.map(({ name, version }) => `${name} ${version}`).sort()).toEqual(used.sort());
  });

  it("have the whole licence of each", () => {
    for (const { name, version, license, texts } of packages) {
      expect(text).toContain(`${name} ${version} (${license})`);
      expect(texts.join()).toMatch(/permission|redistribution/i);
      for (const one of texts) expect(text).toContain(one);
    }
  });

  it("end the build when a package has none", () => {
    const folder = mkdtempSync(join(tmpdir(), "hunch-notices-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    mkdirSync(join(folder, "node_modules", "bare"), { recursive: true });
    writeFileSync(join(folder, "node_modules", "bare", "package.json"), '{"name": "bare", "version": "1.0.0"}');
    const outputs = { "dist/extension.js": { inputs: { "node_modules/bare/a.js": { bytesInOutput: 1 } } } };
    expect(() => bundledPackages({ outputs }, folder)).toThrow("bare 1.0.0 is in the bundle and has no text");
  });
});
