import { describe, expect, it } from "vitest";
import { joinQuery, splitQuery, withoutFilters, withToggled } from "../../src/search/query.js";

describe("splitQuery", () => {
  it("takes the filters out, wherever they stand", () => {
    expect(splitQuery("lang:go open a -path:vendor socket kind:function")).toEqual({
      words: "open a socket",
      filters: [
        { name: "lang", value: "go", negative: false },
        { name: "path", value: "vendor", negative: true },
        { name: "kind", value: "function", negative: false },
      ],
    });
  });

  it("reads values in quotes", () => {
    expect(splitQuery('path:"my folder/**" parse').filters).toEqual([
      { name: "path", value: "my folder/**", negative: false },
    ]);
  });

  it("leaves words alone that only look alike", () => {
    const query = "what does golang:fmt do, size: 3, http://kind:x";
    expect(splitQuery(query)).toEqual({ words: query, filters: [] });
  });

  it("reads neighbours that share a space", () => {
    expect(splitQuery("lang:go lang:rust x").filters.map((one) => one.value)).toEqual(["go", "rust"]);
  });
});

describe("withToggled", () => {
  const go = { name: "lang", value: "go", negative: false } as const;

  it("puts a filter behind the words, and takes it out again", () => {
    expect(withToggled("open a socket", go)).toBe("open a socket lang:go");
    expect(withToggled("lang:go open a socket", go)).toBe("open a socket");
  });

  it("keeps the opposite filter", () => {
    expect(withToggled("x -lang:go", go)).toBe("x -lang:go lang:go");
  });

  it("quotes what has spaces, so that it is read back as it was", () => {
    const folder = { name: "path", value: "my folder", negative: false } as const;
    const query = withToggled("x", folder);
    expect(query).toBe('x path:"my folder"');
    expect(splitQuery(query).filters).toEqual([folder]);
    expect(withToggled(query, folder)).toBe("x");
  });
});

it("joins what it split", () => {
  const query = 'parse a date lang:python -path:"old code"';
  expect(joinQuery(splitQuery(query))).toBe(query);
  expect(withoutFilters(query)).toBe("parse a date");
});
