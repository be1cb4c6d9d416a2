"""What a handler that changes nothing may see of the session. Whoever gets a view cannot change it: mypy refuses to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from hunch.lsp.capabilities import ClientCapabilities
from hunch.lsp.folders import Document, Folder, Location
from hunch.lsp.protocol import ServerStatus
from hunch.lsp.recent import HitKey
from hunch.lsp.settings import Settings

if TYPE_CHECKING:
    from hunch.model.summariser import Summariser
    from hunch.search.present import FinishedHit

T = TypeVar("T")


class GivenHits(Protocol):
    """The last hits that the client was given, to look up."""

    def __len__(self) -> int:
        """Return how many hits are kept."""

    def get(self, key: HitKey) -> FinishedHit | None:
        """Return a hit; None for one that was never given, or long ago."""


class SessionView(Protocol):
    """A session to read from, and its threads to work in. For the loop's thread only."""

    @property
    def capabilities(self) -> ClientCapabilities:
        """What the client can do."""

    @property
    def settings(self) -> Settings:
        """The settings in force."""

    @property
    def folders(self) -> Sequence[Folder]:
        """All workspace folders, in the order in which they came."""

    @property
    def documents(self) -> Mapping[str, Document]:
        """The open documents by their URI."""

    @property
    def recent(self) -> GivenHits:
        """The last hits that the client was given."""

    @property
    def is_closing(self) -> bool:
        """Whether the end has begun."""

    def locations(self, uri: str) -> list[Location]:
        """Return where a file is in the folders that are open, innermost folder first."""

    def location(self, uri: str, name: str) -> Location:
        """Return where a file is in its innermost folder; ParamsError, with the field's name, when in none."""

    def chosen(self, uri: str | None) -> list[Folder]:
        """Return the folder with a URI, or all of them without one; ParamsError when there is no such folder."""

    def text_of(self, uri: str) -> str | None:
        """Return the text of a document that the client has open, None of any other."""

    def status(self) -> ServerStatus:
        """Return the body of ``hunch/status``."""

    async def ready(self) -> None:
        """Wait for the folders that are being opened, and for the search engine."""

    async def in_background(self, work: Callable[..., T], *arguments: Any) -> T:
        """Run what may wait for the disk in a thread, apart from searches."""

    async def in_search(self, work: Callable[..., T], *arguments: Any) -> T:
        """Run a question that newer ones do not supersede."""

    async def in_newest_search(self, work: Callable[[], T]) -> T:
        """Run a search; SupersededError when a newer one comes meanwhile."""

    async def summariser(self) -> Summariser:
        """Return the model that writes; BundleError when it cannot be used."""
