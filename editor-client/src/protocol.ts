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
  | "file"
  | "constant"
  | "field"
  | "section"
  | "entry";

/** "none" means that nothing here seems to do that; its hits are the nearest there are. */
export type Answerability = "relevant" | "weak" | "none";

export interface Position {
  readonly line: number;
  readonly character: number;
}

export interface Range {
  readonly start: Position;
  readonly end: Position;
}

/** One reason for a hit in words. */
export interface Statement {
  /** Of the phrase, for a translation. */
  readonly key: string;
  /** The words that it rests on, few, with an ellipsis as the last where there are more. */
  readonly terms: readonly string[];
  /** Phrase and terms in English. */
  readonly text: string;
}

/** A word of the code that the query asked for. */
export interface Highlight {
  readonly range: Range;
  /** The word of the query. */
  readonly term: string;
  /** False for a word that is only close to it in meaning. */
  readonly exact: boolean;
}

/** A place that holds the same definition once more. */
export interface NearDuplicate {
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
  /** What carried it most. Missing, as the two below, in hits that were stored by an earlier version. */
  readonly reasons?: readonly Statement[];
  /** In the first lines of the hit, as they were when it was found. */
  readonly highlights?: readonly Highlight[];
  readonly nearDuplicates?: readonly NearDuplicate[];
  readonly signature: string;
  readonly documentation: string;
  readonly snippet: string;
}

export interface Answer {
  readonly query: string;
  readonly elapsedMs: number;
  readonly answerability: Answerability;
  /** The name of `answerability` before 0.2. */
  readonly verdict: Answerability;
  /** What is said above the hits about how sure the answer is, in English; empty for a good one. */
  readonly label?: string;
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
  /** `code`, `docs` or `config`, or `all` alike; without it everything, code first. */
  readonly contents?: readonly string[];
  /** The uri of the one workspace folder to search. */
  readonly folder?: string;
  /** The uri of a folder inside a workspace folder. */
  readonly within?: string;
  /** Of a hit, at most. */
  readonly snippetLines?: number;
}

/** Parameters of hunch/similar; one of position and range. */
export interface SimilarParams {
  readonly textDocument: { readonly uri: string };
  readonly position?: Position;
  readonly range?: Range;
  readonly limit?: number;
  readonly show?: boolean;
  readonly snippetLines?: number;
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
  /** How many of the chunks have contextual embeddings. */
  readonly contextual: number;
  /** The name of `contextual` before 0.2. */
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
