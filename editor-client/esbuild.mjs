// Bundles the extension into one file; --watch builds again on each change, --production leaves the source map out.
import { context } from "esbuild";

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
  logLevel: "warning",
});
if (watching) {
  await build.watch();
} else {
  await build.rebuild();
  await build.dispose();
}
