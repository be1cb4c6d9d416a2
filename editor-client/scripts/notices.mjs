// The licences that travel with the extension: those of Hunch and its model from the repository's root, and those of the
// packages of npm whose code is in the bundle, by esbuild's metafile.
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** Files of a package that have to stay with its code. */
const TEXT = /^(?:licen[cs]e|copying|notice|third-?party-?notices?)(?:[.-].*)?$/i;
const PACKAGE = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/;

export const NOTICES = "THIRD_PARTY_NOTICES.txt";
/** In the root of the repository. */
export const OWN_TEXTS = ["LICENSE", "LICENSE-APACHE", "NOTICE"];

/**
 * Writes all of them into a folder, the extension's.
 * @param {string} folder
 * @param {import("esbuild").Metafile} metafile of the bundle
 */
export function writeNotices(folder, metafile) {
  for (const name of OWN_TEXTS) copyFileSync(join(folder, "..", name), join(folder, name));
  writeFileSync(join(folder, NOTICES), noticesOf(bundledPackages(metafile, folder)));
}

/**
 * The packages whose code is in a bundle, by name, with the texts of their licences.
 * @param {import("esbuild").Metafile} metafile
 * @param {string} folder what the paths in the metafile are relative to
 * @throws Error when a package has no such text
 */
export function bundledPackages(metafile, folder) {
  const inputs = Object.values(metafile.outputs).flatMap((output) =>
    Object.entries(output.inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0),
  );
  const places = new Set(inputs.flatMap(([path]) => PACKAGE.exec(path) ?? []).map((place) => resolve(folder, place)));
  return [...places]
    .map((place) => {
      const { name, version, license } = JSON.parse(readFileSync(join(place, "package.json"), "utf8"));
      const texts = readdirSync(place)
        .filter((file) => TEXT.test(file) && existsSync(join(place, file)))
        .sort()
        .map((file) => readFileSync(join(place, file), "utf8").replaceAll("\r\n", "\n").trim());
      if (texts.length === 0) throw new Error(`${name} ${version} is in the bundle and has no text of its licence`);
      return { name, version, license, texts };
    })
    .sort((one, other) => one.name.localeCompare(other.name, "en") || one.version.localeCompare(other.version, "en"));
}

/** @param {ReturnType<typeof bundledPackages>} packages */
export function noticesOf(packages) {
  const head =
    "dist/extension.js has code of the packages below. Hunch's own licences are in LICENSE, LICENSE-APACHE and NOTICE.";
  const rule = "=".repeat(80);
  const parts = packages.map(({ name, version, license, texts }) =>
    [rule, `${name} ${version} (${license})`, rule, "", texts.join(`\n\n${"-".repeat(80)}\n\n`), ""].join("\n"),
  );
  return `${head}\n\n${parts.join("\n")}`;
}
