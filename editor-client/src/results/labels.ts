// Entries and files in the words of the tree: descriptions, and whole sentences for a screen reader. Pure; `t` translates.

import type { Hit } from "../protocol.js";
import { nameOf, nearDuplicatesOf, reasonsOf, spokenOf, type Translate } from "../search/describe.js";
import { type Entry, titleOf } from "./entries.js";
import { type FileGroup, groupByFile, splitPath } from "./grouping.js";

export interface Label {
  readonly label: string;
  readonly description: string;
  /** For a screen reader, which says nothing else of the item. */
  readonly spoken: string;
}

/** `moment` puts a time into words, such as "yesterday, 14:32". */
export function entryLabel(entry: Entry, moment: (time: number) => string, t: Translate): Label {
  const title = titleOf(entry.question);
  const files = groupByFile(entry.hits).length;
  const found = foundOf(entry, files, t);
  const when = entry.isStored ? t("found {0}", moment(entry.foundAt)) : "";
  const asked = entry.question.kind === "search" ? t("Search for {0}", title) : title;
  return {
    label: title,
    description: [found, when].filter(Boolean).join(" \u00b7 "),
    spoken: `${[asked, found, when].filter(Boolean).join(", ")}.`,
  };
}

export function entryTooltip(entry: Entry, moment: (time: number) => string, t: Translate): string {
  const lines = [titleOf(entry.question), t("Found {0}.", moment(entry.foundAt))];
  if (entry.isStored) {
    lines.push(t("The code may have changed since."));
  }
  return lines.join("\n");
}

export function fileLabel(group: FileGroup, folderName: string | undefined, t: Translate): Label {
  const { directory, name } = splitPath(group.path);
  const place = [folderName, directory].filter(Boolean).join("/");
  const hits = hitsOf(group.hits.length, t);
  const where = place === "" ? t("at the top of the workspace folder") : t("in {0}", place);
  return {
    label: name,
    description: [place, hits].filter(Boolean).join(" \u00b7 "),
    spoken: `${[t("File {0}", name), where, hits].join(", ")}.`,
  };
}

export function hitLabel(hit: Hit, t: Translate): Label {
  const reasons = reasonsOf(hit, t);
  const copies = nearDuplicatesOf(hit, t);
  const line = `:${hit.selectionRange.start.line + 1}`;
  return {
    label: nameOf(hit),
    description: [line, copies, reasons].filter(Boolean).join(" \u00b7 "),
    spoken: `${[spokenOf(hit, reasons, t), copies].filter(Boolean).join(", ")}.`,
  };
}

/** What has to be said above the tree about an answer; undefined for a good one. */
export function messageOf(entry: Entry, isWholeNow: boolean, t: Translate): string | undefined {
  const title = titleOf(entry.question);
  const lines: string[] = [];
  if (entry.hits.length === 0) {
    lines.push(t("\u201c{0}\u201d: nothing was found.", title));
  } else if (entry.answerability === "none") {
    lines.push(t("Nothing here seems to do \u201c{0}\u201d. These are the nearest there are.", title));
  }
  if (!entry.complete) {
    lines.push(
      isWholeNow
        ? t("\u201c{0}\u201d was answered before everything was indexed. Search again for the whole answer.", title)
        : t("\u201c{0}\u201d was answered while indexing is still going on. Search again later for more.", title),
    );
  }
  return lines.length > 0 ? lines.join(" ") : undefined;
}

/** "14:32" today, "yesterday, 14:32", else with the date; in the editor's language. */
export function momentOf(time: number, now: number, language: string, t: Translate): string {
  const date = new Date(time);
  const clock = format(date, language, { timeStyle: "short" });
  const dayBefore = new Date(now);
  dayBefore.setDate(dayBefore.getDate() - 1);
  if (date.toDateString() === new Date(now).toDateString()) {
    return t("today, {0}", clock);
  }
  if (date.toDateString() === dayBefore.toDateString()) {
    return t("yesterday, {0}", clock);
  }
  return format(date, language, { dateStyle: "medium", timeStyle: "short" });
}

function format(date: Date, language: string, options: Intl.DateTimeFormatOptions): string {
  try {
    return new Intl.DateTimeFormat(language, options).format(date);
  } catch {
    return new Intl.DateTimeFormat("en", options).format(date); // a display language that is no language tag
  }
}

function foundOf(entry: Entry, files: number, t: Translate): string {
  if (entry.hits.length === 0) {
    return t("nothing found");
  }
  if (entry.answerability === "none") {
    return t("nothing fits");
  }
  const hits = hitsOf(entry.hits.length, t);
  return files === 1 ? t("{0} in 1 file", hits) : t("{0} in {1} files", hits, files);
}

function hitsOf(count: number, t: Translate): string {
  return count === 1 ? t("1 hit") : t("{0} hits", count);
}
