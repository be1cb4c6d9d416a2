"""Open documents: their text stands for the file in every folder that holds it, until they are closed."""

from __future__ import annotations

from hunch.lsp.folders import LARGEST_TEXT, Document, Folder, Location, is_on_disk
from hunch.lsp.positions import apply_change
from hunch.lsp.session import Session
from hunch.lsp.standard import ChangeParams, OpenParams
from hunch.lsp.watching import mark


def did_open(session: Session, params: OpenParams) -> None:
    """Take a document's text. While it is what the disk has, the file goes on standing for itself."""
    text = _valid(params.text)
    document = Document(params.uri, text, text, params.version)
    session.documents[params.uri] = document
    for location in session.locations(params.uri):
        session.client.run(_put_unless_saved(session, document, location), "opening a document")


def did_change(session: Session, params: ChangeParams) -> None:
    """Make the changes of a client in a document that it has opened."""
    document = session.documents.get(params.uri)
    if document is None:
        return
    text = document.text
    for change in params.changes:
        text = apply_change(text, change.span, change.text, session.capabilities.encoding)
    document.text, document.version = _valid(text), params.version
    for location in session.locations(params.uri):
        _put(location, document.text)
    if session.hints is not None:
        session.hints.touch(document)


def did_save(session: Session, uri: str) -> None:
    """Have the file read now."""
    for location in session.locations(uri):
        mark(location.live, [location.path], urgent=True)


def did_close(session: Session, uri: str) -> None:
    """Let the file stand for itself again."""
    if session.hints is not None:
        session.hints.forget(uri)
    if session.documents.pop(uri, None) is None:
        return
    for location in session.locations(uri):
        location.live.drop_unsaved(location.path)
        mark(location.live, [location.path], urgent=True)


async def put_open_documents(session: Session, folder: Folder) -> None:
    """Let the documents that are open already count in a folder that was opened after them."""
    for document in list(session.documents.values()):
        for location in session.locations(document.uri):
            if location.folder is folder:
                await _put_unless_saved(session, document, location)


async def _put_unless_saved(session: Session, document: Document, location: Location) -> None:
    text = document.text
    is_saved = await session.in_background(is_on_disk, location, text)
    is_newest = session.documents.get(document.uri) is document and document.text is text
    if is_newest and not is_saved:
        _put(location, text)


def _put(location: Location, text: str) -> None:
    if not location.path:
        return
    if len(text) <= LARGEST_TEXT:
        location.live.put_unsaved(location.path, text)
    else:
        location.live.drop_unsaved(location.path)


def _valid(text: str) -> str:
    """Return a text with its lone surrogates, which no file can hold, replaced."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
