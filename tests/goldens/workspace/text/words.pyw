"""Working on words."""

import re
import unicodedata


def levenshtein(left, right):
    """Count the edits that turn one word into the other."""
    previous = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        current = [i]
        for j, b in enumerate(right, 1):
            current.append(min(previous[j] + 1, current[-1] + 1, previous[j - 1] + (a != b)))
        previous = current
    return previous[-1]


def slugify(title):
    """Turn a title into a part of a URL: lower case, dashes, no accents."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


def wrap_lines(text, width):
    """Break a paragraph so that no line is longer than the width."""
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def count_words(text):
    counts = {}
    for word in re.findall(r"\w+", text.lower()):
        counts[word] = counts.get(word, 0) + 1
    return counts


def is_palindrome(text):
    """Say whether a text reads the same backwards."""
    letters = [c for c in text.lower() if c.isalnum()]
    return letters == letters[::-1]
