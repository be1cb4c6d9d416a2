// What pip says while it installs, read for progress and, when it fails, for the reason. Pure.

/** One thing that pip has begun to do. */
export type PipStep =
  | { readonly kind: "find"; readonly name: string }
  | { readonly kind: "download"; readonly name: string; readonly size: string }
  | { readonly kind: "build"; readonly name: string }
  | { readonly kind: "install"; readonly count: number };

export function readStep(line: string): PipStep | undefined {
  const collecting = /^Collecting ([A-Za-z0-9._-]+)/.exec(line);
  if (collecting?.[1]) return { kind: "find", name: collecting[1] };
  const download = /^\s*(?:Downloading|Using cached) (?:\S*\/)?([^/\s]+?) \(([\d.]+ ?\w+)\)/.exec(line);
  // The metadata alone is a few kilobytes, read while pip still looks for what goes together.
  if (download?.[1] && download[2] && !download[1].endsWith(".metadata")) {
    return { kind: "download", name: download[1].split("-")[0] ?? download[1], size: download[2] };
  }
  const building = /^\s*Building wheel for ([A-Za-z0-9._-]+)/.exec(line);
  if (building?.[1]) return { kind: "build", name: building[1] };
  const installing = /^Installing collected packages: (.+)$/.exec(line);
  if (installing?.[1]) return { kind: "install", count: installing[1].split(",").length };
  return undefined;
}

export type PipFailure =
  | { readonly kind: "no-network" }
  | { readonly kind: "no-package"; readonly name: string }
  | { readonly kind: "changed"; readonly name: string }
  | { readonly kind: "disk-full" }
  | { readonly kind: "other"; readonly said: string };

const DISK_FULL =
  /No space left on device|\[Errno 28\]|not enough space on the disk|Disk quota exceeded|\[Errno 122\]/i;
const NO_NETWORK = new RegExp(
  [
    "NewConnectionError",
    "Failed to establish a new connection",
    "Max retries exceeded",
    "name resolution",
    "getaddrinfo failed",
    "Network is unreachable",
    "ConnectTimeout",
    "Read timed out",
    "ProxyError",
    "Cannot connect to proxy",
    "CERTIFICATE_VERIFY_FAILED",
    "connection error:",
    "50[234] Server Error",
    "40[37] Client Error",
  ].join("|"),
  "i",
);

/** Reads everything that pip said, its log file included: a dead network leaves no more than a debug message. */
export function readFailure(text: string): PipFailure {
  if (DISK_FULL.test(text)) return { kind: "disk-full" };
  const changed = /DO NOT MATCH THE HASHES[^\n]*\n(?:\d\S*T\S+)?\s*([A-Za-z0-9._-]+)/.exec(text)?.[1];
  if (changed !== undefined) return { kind: "changed", name: changed };
  const missing = /(?:No matching distribution found for|satisfies the requirement) ([A-Za-z0-9._-]+)/.exec(text)?.[1];
  const unbuilt =
    /(?:Failed building wheel for|Failed to build(?: installable wheels for some pyproject\.toml based projects)?:?) \(?([A-Za-z0-9._-]+)/i.exec(
      text,
    )?.[1];
  const errors = text.split(/\r?\n/).filter((line) => /\bERROR: /.test(line));
  if (NO_NETWORK.test(text) && unbuilt === undefined) return { kind: "no-network" };
  const name = missing ?? unbuilt;
  if (name !== undefined) return { kind: "no-package", name };
  const said = errors.at(-1) ?? text.trim().split(/\r?\n/).at(-1) ?? "";
  return {
    kind: "other",
    said: said
      .replace(/^.*\bERROR: /, "")
      .trim()
      .slice(0, 300),
  };
}
