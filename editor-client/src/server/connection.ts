// What the rest of the extension knows of the server: one connection, whatever process stands behind it.

import type { CancellationToken, Disposable, Event } from "vscode";
import {
  type Answer,
  type PlaceParams,
  REQUEST_CANCELLED,
  SERVER_CANCELLED,
  type SearchParams,
  type ServerStatus,
  type SimilarParams,
} from "../protocol.js";

/** Where the connection stands. */
export type ServerState =
  /** No server was found; the person has been offered to set one up. */
  | { readonly kind: "missing"; readonly message: string }
  /** The extension makes an environment of its own. */
  | { readonly kind: "installing"; readonly message: string }
  | { readonly kind: "starting" }
  | { readonly kind: "running"; readonly status: ServerStatus | undefined }
  /** It ended and does not come back by itself. */
  | { readonly kind: "failed"; readonly message: string };

/** An answer that a newer question has overtaken, or that was cancelled: nothing to tell anyone. */
export class Overtaken extends Error {}

/** A question that cannot be answered; the message is for the person who asked. */
export class Unanswerable extends Error {}

/** What `dispose` gives back may be waited for: the server, or an installation under way, has ended then. */
export interface Connection extends Disposable {
  readonly state: ServerState;
  readonly onDidChangeState: Event<ServerState>;
  /** @throws Overtaken, Unanswerable */
  search(params: SearchParams, token: CancellationToken): Promise<Answer>;
  /** @throws Overtaken, Unanswerable */
  similar(params: SimilarParams, token: CancellationToken): Promise<Answer>;
  /**
   * Has the server document the function at a place; false when there is nothing to document.
   * @throws Overtaken, Unanswerable
   */
  document(params: PlaceParams): Promise<boolean>;
  /** For one workspace folder (its uri), or all of them. */
  pause(folder?: string): Promise<void>;
  resume(folder?: string): Promise<void>;
  rebuild(folder?: string): Promise<void>;
  /** Looks for a server and starts it; again after a failure. Never rejects: state says how it went. */
  start(): Promise<void>;
  restart(): Promise<void>;
  /** Makes the extension's own environment, with progress, and starts the server in it. */
  setUp(): Promise<void>;
  showLogs(): void;
  /** A text for a bug report: versions, settings, where the server is, its state; no source text. */
  debugInfo(): Promise<string>;
}

/** How a question ended that the server, or the way to it, did not answer. */
export function asAnswerError(error: unknown, isCancelled: boolean, gone: string): Overtaken | Unanswerable {
  if (error instanceof Overtaken || error instanceof Unanswerable) return error;
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  if (isCancelled || code === REQUEST_CANCELLED || code === SERVER_CANCELLED) return new Overtaken();
  // What has no code, or one of these, comes from the client's own side: the server has gone.
  if (typeof code !== "number" || (code >= -32099 && code <= -32096)) return new Unanswerable(gone);
  return new Unanswerable(error instanceof Error ? error.message : String(error));
}
