"""Which function answers which method.

The signature of a handler shows what it may change. One that takes a ``SessionView`` changes nothing; one that takes
besides ``RecentHits`` or the ``Client`` fills that cache, or asks the editor for something; one that takes the
``Session`` may change it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from hunch.lsp import params, standard
from hunch.lsp.dispatch import Route
from hunch.lsp.handlers import code, commands, documents, indexing, lifecycle, search, workspace
from hunch.lsp.session import Session
from hunch.lsp.standard import InitializeParams


def routes(session: Session, opened: InitializeParams) -> Mapping[str, Route]:
    """Return what happens with each method."""
    own = own_routes(session)
    return {
        **own,
        "initialized": Route(params.read_nothing, partial(lifecycle.initialized, session, opened)),
        "textDocument/didOpen": Route(standard.read_opened, partial(documents.did_open, session)),
        "textDocument/didChange": Route(standard.read_changed, partial(documents.did_change, session)),
        "textDocument/didSave": Route(standard.read_document, partial(documents.did_save, session)),
        "textDocument/didClose": Route(standard.read_document, partial(documents.did_close, session)),
        "textDocument/hover": Route(standard.read_position_params, partial(code.hover, session)),
        "textDocument/codeAction": Route(standard.read_action, partial(code.code_actions, session)),
        "workspace/didChangeWatchedFiles": Route(
            standard.read_watched, partial(workspace.did_change_watched_files, session)
        ),
        "workspace/didChangeWorkspaceFolders": Route(
            standard.read_folders, partial(workspace.did_change_workspace_folders, session)
        ),
        "workspace/didChangeConfiguration": Route(
            standard.read_configuration, partial(workspace.did_change_configuration, session)
        ),
        "workspace/symbol": Route(standard.read_symbols, partial(search.symbols, session)),
        "workspaceSymbol/resolve": Route(standard.read_object, partial(search.resolve_symbol, session)),
        "workspace/executeCommand": Route(standard.read_command, partial(commands.execute, own)),
        "window/workDoneProgress/cancel": Route(standard.read_token, partial(indexing.cancel_progress, session)),
    }


def own_routes(session: Session) -> Mapping[str, Route]:
    """Return what happens with our own requests, each of which is a command too."""
    return {
        "hunch/search": Route(params.read_search, partial(search.search, session, session.recent)),
        "hunch/similar": Route(params.read_similar, partial(search.similar, session, session.recent, session.client)),
        "hunch/status": Route(params.read_nothing, partial(indexing.status, session)),
        "hunch/summarize": Route(standard.read_position_params, partial(code.summarize, session)),
        "hunch/document": Route(standard.read_position_params, partial(code.document, session, session.client)),
        "hunch/pause": Route(params.read_folder, partial(indexing.pause, session)),
        "hunch/resume": Route(params.read_folder, partial(indexing.resume, session)),
        "hunch/rebuild": Route(params.read_folder, partial(indexing.rebuild, session)),
        "hunch/cancel": Route(params.read_folder, partial(indexing.cancel, session)),
    }
