// What the server is asked and what it says, besides the language server protocol itself: hunch/* messages.

export type Kind =
  | "function"
  | "method"
  | "class"
  | "interface"
  | "struct"
  | "enum"
  | "trait"
  | "module"
  | "type"
  | "macro"
  | "query"
  | "block"
  | "file";

/** "none" means that nothing here seems to do that; its hits are the nearest there are. */
export type Verdict = "relevant" | "weak" | "none";

export interface Position {
  readonly line: number;
  readonly character: number;
}

export interface Range {
  readonly start: Position;
  readonly end: Position;
}

/** One signal that carried a hit; `terms` are the words of the query that it matched. */
export interface Reason {
  readonly signal: string;
  readonly weight: number;
  readonly terms: readonly string[];
}

/** A word of the code that the question asked for. */
export interface Highlight {
  readonly range: Range;
  /** The word of the question. */
  readonly term: string;
  /** False for a word that is only close to it in meaning. */
  readonly exact: boolean;
}

/** A place that holds the same definition once more. */
export interface Copy {
  readonly uri: string;
  readonly path: string;
  readonly range: Range;
}

export interface Hit {
  readonly uri: string;
  /** The workspace folder's uri. */
  readonly folder: string;
  /** Relative to the folder, with slashes. */
  readonly path: string;
  /** Whole lines. */
  readonly range: Range;
  /** The line with the name. */
  readonly selectionRange: Range;
  readonly name: string | null;
  readonly qualifiedName: string;
  readonly kind: Kind;
  readonly language: string;
  readonly score: number;
  readonly why: readonly Reason[];
  /** In the first lines of the hit, as they were when it was found. */
  readonly highlights?: readonly Highlight[];
  /** Missing, as highlights are, in hits that were stored by an earlier version. */
  readonly copies?: readonly Copy[];
  readonly signature: string;
  readonly documentation: string;
  readonly snippet: string;
}

export interface Answer {
  readonly query: string;
  readonly elapsedMs: number;
  readonly verdict: Verdict;
  /** False while the index does not hold the whole workspace yet. */
  readonly complete: boolean;
  readonly notices: readonly string[];
  /** Best first. */
  readonly hits: readonly Hit[];
}

/** Parameters of hunch/search. */
export interface SearchParams {
  readonly query: string;
  readonly limit?: number;
  readonly languages?: readonly string[];
  readonly paths?: readonly string[];
  readonly kinds?: readonly string[];
  /** The uri of the one workspace folder to search. */
  readonly folder?: string;
  /** The uri of a folder inside a workspace folder. */
  readonly within?: string;
}

/** Parameters of hunch/similar; one of position and range. */
export interface SimilarParams {
  readonly textDocument: { readonly uri: string };
  readonly position?: Position;
  readonly range?: Range;
  readonly limit?: number;
  readonly show?: boolean;
}

/** Parameters of hunch/document and hunch/summarize. */
export interface PlaceParams {
  readonly textDocument: { readonly uri: string };
  readonly position: Position;
}

export type Phase = "starting" | "indexing" | "ready" | "paused" | "following" | "problem" | "closed";

export interface FolderStatus {
  readonly uri: string;
  readonly phase: Phase;
  readonly message: string;
  /** Files that are done, of `total`; both 0 when nothing is under way. */
  readonly done: number;
  readonly total: number;
  readonly files: number;
  readonly chunks: number;
  /** Of the chunks, those that a second pass has read in context. */
  readonly inContext: number;
  readonly complete: boolean;
  readonly writer: boolean;
  readonly pausedBy: "user" | "battery" | "";
  readonly notices: readonly string[];
}

/** The answer to hunch/status and the body of hunch/statusChanged. */
export interface ServerStatus {
  readonly version: string;
  readonly model: string | null;
  readonly folders: readonly FolderStatus[];
}

/** Error codes of the protocol that a question can end with. */
export const REQUEST_CANCELLED = -32800;
export const SERVER_CANCELLED = -32802;
export const INVALID_PARAMS = -32602;
