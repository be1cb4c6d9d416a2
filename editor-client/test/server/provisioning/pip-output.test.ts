import { expect, test } from "vitest";
import { readFailure, readStep } from "../../../src/server/provisioning/pip-output.js";

test.each([
  ["Collecting numpy>=1.26 (from codehunch==0.1.0)", { kind: "find", name: "numpy" }],
  [
    "  Downloading numpy-2.3.1-cp311-cp311-manylinux_2_28_x86_64.whl (16.9 MB)",
    { kind: "download", name: "numpy", size: "16.9 MB" },
  ],
  [
    "  Downloading https://index/faiss_cpu-1.11-cp311.whl (31.3 MB)",
    { kind: "download", name: "faiss_cpu", size: "31.3 MB" },
  ],
  ["Using cached rich-14.0.0-py3-none-any.whl (243 kB)", { kind: "download", name: "rich", size: "243 kB" }],
  ["  Downloading numpy-2.3.1-cp311-cp311-manylinux_2_28_x86_64.whl.metadata (62 kB)", undefined],
  ["Building wheel for PyStemmer (pyproject.toml): started", { kind: "build", name: "PyStemmer" }],
  ["Installing collected packages: watchdog, attrs, codehunch", { kind: "install", count: 3 }],
  ["Processing /storage/codehunch-0.1.0-py3-none-any.whl", undefined],
  ["", undefined],
])("step: %s", (line, expected) => {
  expect(readStep(line)).toEqual(expected);
});

test.each([
  ["OSError: [Errno 28] No space left on device", { kind: "disk-full" }],
  [
    "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError('...')'\n" +
      "ERROR: Could not find a version that satisfies the requirement numpy>=1.26 (from codehunch) (from versions: none)\n" +
      "ERROR: No matching distribution found for numpy>=1.26",
    { kind: "no-network" },
  ],
  [
    "ERROR: Could not find a version that satisfies the requirement onnxruntime>=1.20 (from codehunch) (from versions: 1.16.0)\n" +
      "ERROR: No matching distribution found for onnxruntime>=1.20",
    { kind: "no-package", name: "onnxruntime" },
  ],
  [
    "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have updated the package versions, " +
      "please update the hashes.\n    attrs==26.1.0 from https://index/attrs-26.1.0-py3-none-any.whl:\n" +
      "        Expected sha256 00\n             Got        11\n",
    { kind: "changed", name: "attrs" },
  ],
  ["ERROR: Failed building wheel for PyStemmer", { kind: "no-package", name: "PyStemmer" }],
  [
    "Collecting x\nERROR: codehunch-0.1.0-py3-none-any.whl is not a valid wheel filename.",
    { kind: "other", said: "codehunch-0.1.0-py3-none-any.whl is not a valid wheel filename." },
  ],
])("failure: %s", (text, expected) => {
  expect(readFailure(text)).toEqual(expected);
});
