"""Open documents: their text stands for the file in every folder that holds it, until they are closed."""

from __future__ import annotations

from hunch.lsp.positions import apply_change
from hunch.lsp.session import Document, Folder, Place, Session
from hunch.lsp.standard import ChangeParams, OpenParams
from hunch.lsp.watching import mark
from hunch.workspace.ignore import read_regular

LARGEST_TEXT = 1_000_000
"""Characters; a longer file would not be indexed either."""


def open_document(session: Session, params: OpenParams) -> None:
    """Take a document's text. While it is what the disk has, the file goes on standing for itself."""
    text = _valid(params.text)
    document = Document(params.uri, text, text, params.version)
    session.documents[params.uri] = document
    for place in session.places(params.uri):
        session.client.run(_put_unless_saved(session, document, place), "opening a document")


def change_document(session: Session, params: ChangeParams) -> Document | None:
    """Make the changes of a client; None for a document that it did not open."""
    document = session.documents.get(params.uri)
    if document is None:
        return None
    text = document.text
    for change in params.changes:
        text = apply_change(text, change.span, change.text, session.client.abilities.encoding)
    document.text, document.version = _valid(text), params.version
    for place in session.places(params.uri):
        _put(place, document.text)
    return document


def save_document(session: Session, uri: str) -> None:
    """Have the file read now."""
    for place in session.places(uri):
        mark(place.live, [place.path], urgent=True)


def close_document(session: Session, uri: str) -> None:
    """Let the file stand for itself again."""
    if session.documents.pop(uri, None) is None:
        return
    for place in session.places(uri):
        place.live.drop_buffer(place.path)
        mark(place.live, [place.path], urgent=True)


async def put_open_documents(session: Session, folder: Folder) -> None:
    """Let the documents that are open already count in a folder that was opened after them."""
    for document in list(session.documents.values()):
        for place in session.places(document.uri):
            if place.folder is folder:
                await _put_unless_saved(session, document, place)


def text_on_disk(place: Place) -> str | None:
    """Return a file's text as an editor would show it; None when it cannot be read, is no file, or is too long."""
    try:
        source = read_regular(f"{place.folder.real}/{place.path}", LARGEST_TEXT * 4 + 1, follow_link=False)
    except OSError:
        return None
    if len(source) > LARGEST_TEXT * 4:
        return None
    return source.decode("utf-8-sig", "replace")


async def _put_unless_saved(session: Session, document: Document, place: Place) -> None:
    text = document.text
    saved = await session.in_background(text_on_disk, place)
    is_newest = session.documents.get(document.uri) is document and document.text is text
    if is_newest and saved != text:
        _put(place, text)


def _put(place: Place, text: str) -> None:
    if not place.path:
        return
    if len(text) <= LARGEST_TEXT:
        place.live.put_buffer(place.path, text)
    else:
        place.live.drop_buffer(place.path)


def _valid(text: str) -> str:
    """Return a text with its lone surrogates, which no file can hold, replaced."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
