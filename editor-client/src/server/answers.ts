// Errors of the protocol as those of a connection. Pure.

import { REQUEST_CANCELLED, SERVER_CANCELLED } from "../protocol.js";
import { Overtaken, Unanswerable } from "./connection.js";

/** How a question ended that the server, or the way to it, did not answer. */
export function asAnswerError(error: unknown, isCancelled: boolean, gone: string): Overtaken | Unanswerable {
  if (error instanceof Overtaken || error instanceof Unanswerable) return error;
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  if (isCancelled || code === REQUEST_CANCELLED || code === SERVER_CANCELLED) return new Overtaken();
  // What has no code, or one of these, comes from the client's own side: the server has gone.
  if (typeof code !== "number" || (code >= -32099 && code <= -32096)) return new Unanswerable(gone);
  return new Unanswerable(error instanceof Error ? error.message : String(error));
}
