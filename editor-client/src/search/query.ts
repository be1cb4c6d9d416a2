// The inline filters of a query (lang:, kind:, path:, content:, each also with a minus), taken out and put in. Pure.

export type FilterName = "lang" | "kind" | "path" | "content";

export interface Filter {
  readonly name: FilterName;
  readonly value: string;
  /** Leave out instead of keep. */
  readonly negative: boolean;
}

export interface SplitQuery {
  /** What is left without the filters. */
  readonly words: string;
  readonly filters: readonly Filter[];
}

// As the server reads them: a value may stand in double quotes.
const FILTER = /(?<=^|\s)(-?)(lang|kind|path|content):("[^"]*"|\S+)/g;

export function splitQuery(query: string): SplitQuery {
  const filters: Filter[] = [];
  const words = query.replace(FILTER, (_, minus: string, name: FilterName, value: string) => {
    filters.push({ name, value: value.replace(/^"|"$/g, ""), negative: minus === "-" });
    return "";
  });
  return { words: words.split(/\s+/).filter(Boolean).join(" "), filters };
}

export function joinQuery(query: SplitQuery): string {
  return [query.words, ...query.filters.map(filterText)].filter(Boolean).join(" ");
}

export function filterText(filter: Filter): string {
  const value = /\s/.test(filter.value) ? `"${filter.value}"` : filter.value;
  return `${filter.negative ? "-" : ""}${filter.name}:${value}`;
}

/** Puts a filter in, or takes it out where it stands already. */
export function withToggled(query: string, filter: Filter): string {
  const split = splitQuery(query);
  const text = filterText(filter);
  const kept = split.filters.filter((one) => filterText(one) !== text);
  const filters = kept.length < split.filters.length ? kept : [...kept, filter];
  return joinQuery({ words: split.words, filters });
}

export function withoutFilters(query: string): string {
  return splitQuery(query).words;
}
