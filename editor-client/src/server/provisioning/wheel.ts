// The server's wheel that the extension carries, and the lock that says which files of other packages belong to it.

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

export interface Wheel {
  readonly path: string;
  readonly version: string;
  /** The wheel's checksum. */
  readonly sha256: string;
  /** Exact versions of all packages that it needs, with the checksums of their files. */
  readonly lock: string;
  /** Of the content of both: two wheels of one version may differ while the server is developed. */
  readonly hash: string;
}

const LOCK = "server.lock";
const NAME = /^codehunch-([^-]+)-.+\.whl$/;

/** Undefined when the folder lacks one of them. */
export async function findWheel(folder: string): Promise<Wheel | undefined> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => NAME.test(name)).sort();
  const name = names.at(-1);
  const version = name && NAME.exec(name)?.[1];
  if (!name || !version) return undefined;
  const path = join(folder, name);
  const lock = join(folder, LOCK);
  const locked = await readFile(lock).catch(() => undefined);
  if (!locked) return undefined;
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  const sha256 = hash.digest("hex");
  const both = createHash("sha256").update(sha256).update(locked).digest("hex");
  return { path, version, sha256, lock, hash: both.slice(0, 8) };
}
