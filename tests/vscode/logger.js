// Stands in for @vscode/spdlog, which code-server writes log files with: its install script would compile it.
const { appendFileSync, mkdirSync } = require("node:fs");
const { dirname } = require("node:path");

const LEVELS = ["trace", "debug", "info", "warn", "error", "critical"];

exports.version = 0;
exports.setFlushOn = () => {};
exports.setLevel = () => {};
exports.shutdown = () => {};

function createLogger(_name, file) {
  let least = 2;
  let isPlain = false;
  mkdirSync(dirname(file), { recursive: true });
  const logger = {
    setLevel: (level) => {
      least = level;
    },
    getLevel: () => least,
    setPattern: () => {},
    clearFormatters: () => {
      isPlain = true;
    },
    flush: () => {},
    drop: () => {},
  };
  for (const [number, level] of LEVELS.entries()) {
    logger[level] = (message) => {
      if (number >= least) {
        const time = new Date().toISOString().replace("T", " ").replace("Z", "");
        appendFileSync(file, isPlain ? message : `${time} [${level}] ${message}\n`);
      }
    };
  }
  return logger;
}

exports.createRotatingLogger = async (name, file) => createLogger(name, file);
exports.createAsyncRotatingLogger = async (name, file) => createLogger(name, file);
