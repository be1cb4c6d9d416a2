// Where finished questions go, so that they can be looked at again.

import type { Answer, SimilarParams } from "../protocol.js";

export interface ResultsSink {
  /** Keeps an answer; the same query again replaces its older answer. */
  addSearch(query: string, answer: Answer): void;
  addSimilar(title: string, params: SimilarParams, answer: Answer): void;
}
