// The server's wheel that the extension carries.

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

export interface Wheel {
  readonly path: string;
  readonly version: string;
  /** Of its content: two wheels of one version may differ while the server is developed. */
  readonly hash: string;
}

const NAME = /^codehunch-([^-]+)-.+\.whl$/;

/** Undefined when the folder has none. */
export async function findWheel(folder: string): Promise<Wheel | undefined> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => NAME.test(name)).sort();
  const name = names.at(-1);
  const version = name && NAME.exec(name)?.[1];
  if (!name || !version) return undefined;
  const path = join(folder, name);
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return { path, version, hash: hash.digest("hex").slice(0, 8) };
}
