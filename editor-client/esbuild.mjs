// Bundles the extension into one file; --watch builds again on each change, --production leaves the source map out and
// writes the licences that travel with it.
import { context } from "esbuild";
import { writeNotices } from "./scripts/notices.mjs";

const watching = process.argv.includes("--watch");
const production = process.argv.includes("--production");

const build = await context({
  entryPoints: ["src/extension.ts"],
  outfile: "dist/extension.js",
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node20",
  external: ["vscode"],
  sourcemap: !production,
  minify: production,
  metafile: true,
  logLevel: "warning",
});
if (watching) {
  await build.watch();
} else {
  const { metafile } = await build.rebuild();
  if (production) writeNotices(import.meta.dirname, metafile);
  await build.dispose();
}
