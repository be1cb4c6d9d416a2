/** Escape the characters that mean something in HTML. */
export function escapeHtml(text) {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** Turn lines that begin with # into headings. */
export function renderHeadings(markdown) {
  return markdown.replace(/^(#{1,6}) (.*)$/gm, (_, marks, title) => {
    return `<h${marks.length}>${escapeHtml(title)}</h${marks.length}>`;
  });
}

/** Collect the addresses of all links in a document. */
export function extractLinks(markdown) {
  return [...markdown.matchAll(/\[[^\]]*\]\(([^)]+)\)/g)].map((match) => match[1]);
}

/** Build a table of contents from the headings. */
export function tableOfContents(markdown) {
  return markdown.split("\n").filter((line) => line.startsWith("#"));
}
