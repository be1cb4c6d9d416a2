"""Released packages, pinned, whose definitions benchmarks.outline compares, fetched by ordinary clients.

``pip download`` and ``npm pack`` as in benchmarks.corpora, ``apt-get source`` for the upstream tarball of a Debian
source package (none of Debian's own changes), and ``git archive`` of a commit where the registries have too little.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from benchmarks.corpora import Package, fetch, unpack

__all__ = ["PACKAGES", "tree_of"]

_DEBIAN: Final = "http://deb.debian.org/debian"
_SUITE: Final = "bookworm"


def _from(registry: str, names: str) -> tuple[Package, ...]:
    pairs = (one.rsplit("=", 1) for one in names.split())
    return tuple(Package(registry, name, version) for name, version in pairs)


PACKAGES: Final[Mapping[str, tuple[Package, ...]]] = {
    "python": _from(
        "pypi",
        "requests=2.34.2 httpx=0.28.1 rich=15.0.0 flask=3.1.3 attrs=26.1.0 jinja2=3.1.6 click=8.5.1 starlette=1.10.0 "
        "pydantic=2.14.4 fastapi=0.165.0 marshmallow=4.4.0 docutils=0.23 hypothesis=6.170.17 django=5.2.19 "
        "urllib3=2.8.0 trio=0.35.0",
    ),
    "javascript": _from(
        "npm",
        "express=5.3.0 koa=3.3.0 mocha=12.0.3 commander=15.1.0 async=3.2.6 ws=8.23.0 winston=3.19.0 sequelize=6.37.8 "
        "yargs=18.2.0 karma=6.4.4 underscore=1.13.8 pug=3.0.4 jsdom=31.0.1 handlebars=4.7.10 ramda=0.30.1 "
        "lodash=4.17.21",
    ),
    "typescript": _from(
        "npm",
        "zod=4.6.7 immer=11.2.13 redux=5.0.1 @reduxjs/toolkit=2.15.0 mobx=7.1.3 ethers=6.17.0 @trpc/server=11.25.2 "
        "@tanstack/query-core=5.108.4 @tanstack/table-core=9.3.1 reselect=5.3.0 viem=2.57.20 @noble/curves=2.4.0 "
        "@tanstack/router-core=1.171.39 @tanstack/form-core=1.33.5 effect=4.1.0",
    ),
    "tsx": _from(
        "npm",
        "@tanstack/react-query=5.108.4 react-day-picker=10.0.2 @wordpress/components=41.0.0 ra-ui-materialui=5.15.4 "
        "ra-core=5.15.4 @blueprintjs/core=6.20.0 react-aria-components=1.22.1 @react-spectrum/table=3.18.1 "
        "@tanstack/react-form=1.33.5 @tanstack/react-router=1.170.46",
    ),
    "go": _from(
        "debian",
        "golang-github-spf13-cobra=1.6.1-1 golang-github-gorilla-mux=1.8.0-1 golang-github-spf13-viper=1.10.1-1 "
        "golang-testify=1.8.1-1 golang-github-gin-gonic-gin=1.8.1-1 fzf=0.38.0-1 "
        "golang-google-grpc=1.33.3-2 golang-github-labstack-echo=4.2.1-3 "
        "golang-github-pelletier-go-toml=1.9.4-1 golang-github-google-go-cmp=0.5.9-1 "
        "golang-yaml.v2=2.4.0-4",
    ),
    "rust": (
        *_from("debian", "rust-ripgrep=13.0.0-4 rust-serde=1.0.152-2 rust-clap=4.0.32-1 rust-rand=0.8.5-1 "),
        *_from("github", "rust-lang/regex=2b527599eb9e tokio-rs/tokio=ea91b33ca57f serde-rs/serde=1023d077510b "),
    ),
    "java": _from(
        "debian",
        "libcommons-lang3-java=3.12.0-2+deb12u1 junit4=4.13.2-3 commons-io=2.11.0-2 "
        "jackson-core=2.14.1-2~deb12u1 picocli=4.6.2-2 libslf4j-java=1.7.32-1 javapoet=1.13.0-1 guava-libraries=31.1-1 "
        "libcommons-collections4-java=4.2-1 mockito=2.23.0-2 libjoda-time-java=2.10.14-1 "
        "httpcomponents-client=4.5.14-1 junit5=5.9.2-1",
    ),
    "c": _from(
        "debian",
        "jq=1.6-2.1+deb12u2 lua5.4=5.4.4-3+deb12u1 libuv1=1.44.2-1+deb12u1 htop=3.2.2-2 less=590-2.1~deb12u2 "
        "rsync=3.2.7-1+deb12u6 libevent=2.1.12-stable-8 curl=7.88.1-10+deb12u15 redis=5:7.0.15-1~deb12u7 "
        "libpng1.6=1.6.39-2+deb12u5 mosquitto=2.0.11-1.2+deb12u2 nano=7.2-1+deb12u1 libxml2=2.9.14+dfsg-1.3~deb12u6 "
        "cmark=0.30.2-6 zlib=1:1.2.13.dfsg-1",
    ),
    "cpp": _from(
        "debian",
        "fmtlib=9.1.0+ds1-2 googletest=1.12.1-0.2 spdlog=1:1.10.0+ds-0.4 leveldb=1.23-4 re2=20220601+dfsg-1 "
        "abseil=20220623.1-1+deb12u2 yaml-cpp=0.7.0+dfsg-8 rapidjson=1.1.0+dfsg2-7.1 catch2=2.13.10-1 "
        "nlohmann-json3=3.11.2-2 snappy=1.1.9-3 tinyxml2=9.0.0+dfsg-3.1 libjsoncpp=1.9.5-4 "
        "qtsvg-opensource-src=5.15.8-3 eigen3=3.4.0-4 ninja-build=1.11.1-2~deb12u1",
    ),
    "csharp": _from(
        "github",
        "JamesNK/Newtonsoft.Json=09bb545d7296 serilog/serilog=60935b4d7aba App-vNext/Polly=173d6d1d2e28 "
        "FluentValidation/FluentValidation=ea299fe59719 "
        "DapperLib/Dapper=6d48ef664acc ardalis/CleanArchitecture=4f80d58ddb3e",
    ),
    "ruby": (
        *_from("debian", "ruby-nokogiri=1.13.10+dfsg-2 "),
        *_from(
            "github",
            "rack/rack=8bf4eb078498 "
            "sinatra/sinatra=cb22afd7902b "
            "jeremyevans/sequel=868c461682e6 "
            "lostisland/faraday=59334e0e9b19 "
            "Shopify/liquid=7a5e45fc4784 "
            "sidekiq/sidekiq=1bb4aa06e5aa "
            "thoughtbot/factory_bot=967d128e3710 "
            "ruby-grape/grape=eb03d4ad982d ",
        ),
    ),
    "php": _from(
        "debian",
        "php-monolog=2.9.1-1 php-parser=4.15.4-1 "
        "php-guzzlehttp-psr7=2.4.5-1+deb12u1 phpunit=9.6.7-1+deb12u1 dokuwiki=0.0.20220731.a-2 "
        "php-league-commonmark=2.3.9-1+deb12u1 php-ramsey-uuid=4.6.0-1 "
        "php-nesbot-carbon=2.65.0-1+deb12u1 php-codesniffer=3.7.1-2 "
        "php-dompdf=2.0.3+dfsg-1+deb12u1",
    ),
    "kotlin": _from(
        "github",
        "square/okio=4164f2976ac7 square/moshi=889013ec2edb InsertKoinIO/koin=fff5291f333c detekt/detekt=dbfb8423263b "
        "arrow-kt/arrow=0aa9227a8dcc Kotlin/kotlinx.coroutines=792ac67bdcd5",
    ),
    "swift": _from(
        "github",
        "Alamofire/Alamofire=7595cbcf5980 apple/swift-argument-parser=2f77f2fccb6e apple/swift-nio=63018571c88a "
        "pointfreeco/swift-composable-architecture=d34c1dfe7a4b ReactiveX/RxSwift=5abdfe46cc21 "
        "onevcat/Kingfisher=410984bf301f vapor/vapor=13efaeefd52a",
    ),
    "scala": _from(
        "github",
        "typelevel/cats=7f2dce516207 scopt/scopt=75cd14c9e1f5 playframework/play-json=a1159e580637 "
        "circe/circe=1da94272096e softwaremill/tapir=e364557ee4e1",
    ),
    "lua": _from(
        "debian",
        "luarocks=3.8.0+dfsg1-1 awesome=4.3-7 lua-http=0.4-1 "
        "lua-lgi=0.9.2-3 lua-luassert=1.9.0-1 lua-argparse=0.7.1-2 vis=0.8-1 "
        "lua-inspect=3.1.1-2 lua-cqueues=20200726-1 ",
    ),
    "bash": (
        *_from(
            "debian",
            "bash-completion=1:2.11-6 "
            "password-store=1.7.4-6 "
            "rear=2.7+dfsg-1+deb12u1 "
            "lxc-templates=3.0.4.48.g4765da8-1+deb12u1 "
            "backupninja=1.2.2-1 ",
        ),
        *_from(
            "github",
            "bats-core/bats-core=d22e41faad59 "
            "ohmyzsh/ohmyzsh=830a5bcfd29f "
            "acmesh-official/acme.sh=d60c75b4e30a "
            "nvm-sh/nvm=b17550a0b9ab ",
        ),
    ),
    "sql": (
        *_from("debian", "londiste-sql=3.8-2 pgq-node=3.5-2 "),
        *_from(
            "github",
            "theory/pgtap=b89585a64ffe "
            "utPLSQL/utPLSQL=1819ca766160 "
            "BrentOzarULTD/SQL-Server-First-Responder-Kit=d8c4d56f9a21 ",
        ),
    ),
    "haskell": _from(
        "debian",
        "xmonad=0.17.1-1 haskell-aeson=2.0.3.0-1 haskell-conduit=1.3.4.3-1 "
        "haskell-vector=0.12.3.1-1 haskell-hakyll=4.15.1.1-1 "
        "haskell-attoparsec=0.14.4-2 pandoc=2.17.1.1-2~deb12u1 haskell-lens=5.0.1-2 "
        "haskell-yesod-core=1.6.24.0-1 haskell-servant=0.19-1 haskell-brick=0.68.1-1 "
        "haskell-megaparsec=9.2.2-1 haskell-scotty=0.12-2 haskell-http-client=0.7.13.1-1",
    ),
    "elixir": (
        *_from("debian", "elixir-lang=1.14.0.dfsg-2"),
        *_from(
            "github",
            "phoenixframework/phoenix=167c46950cf5 elixir-ecto/ecto=c624abf4297b elixir-plug/plug=a898c454a04c "
            "absinthe-graphql/absinthe=d4c66faa9e64 rrrene/credo=6d07d005f4b6",
        ),
    ),
    "zig": _from("github", "zigtools/zls=113f79a1d120 Hejsil/zig-clap=e91d66b1abba karlseguin/http.zig=86a44b63bda3"),
}
"""By language. None of them is a workspace that quality is measured on."""


def tree_of(package: Package, cache: Path, mirrors: Path | None) -> Path:
    """Return the tree of a package, fetched and unpacked when it is not there yet.

    Mirrors hold bare repositories as ``OWNER+NAME/repo``; without them git clones from GitHub.
    """
    tree = cache / "trees" / package.folder
    if not tree.is_dir():
        tree.parent.mkdir(parents=True, exist_ok=True)
        archives = cache / "packages"
        if package.registry == "debian":
            unpack(_upstream_tarball(package, archives, cache / "apt"), tree)
        elif package.registry == "github":
            unpack(_snapshot(package, archives, mirrors), tree)
        else:
            unpack(fetch(package, archives), tree)
    return tree


def _upstream_tarball(package: Package, archives: Path, state: Path) -> Path:
    into = archives / package.folder
    if not into.is_dir():
        sources = state / "sources.list"
        command = ["apt-get", "-q", "-o", f"Dir::Etc::sourcelist={sources}", "-o", "Dir::Etc::sourceparts=/dev/null",
                   "-o", f"Dir::State::lists={state / 'lists'}", "-o", f"Dir::Cache={state / 'cache'}",
                   "-o", "APT::Sandbox::User=root"]  # fmt: skip
        if not sources.is_file():
            for folder in ("lists/partial", "cache/archives/partial"):
                (state / folder).mkdir(parents=True, exist_ok=True)
            sources.write_text(f"deb-src {_DEBIAN} {_SUITE} main\ndeb-src {_DEBIAN}-security {_SUITE}-security main\n")
            _run([*command, "update"], state)
        fresh = into.with_name(f"{into.name}.part")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        wanted = f"{package.name}={package.version}"
        _run([*command, "source", "--download-only", "--tar-only", "--only-source", wanted], fresh)
        fresh.rename(into)
    # Not the signature, nor the tarball of a component.
    return next(found for found in sorted(into.iterdir()) if ".orig.tar." in found.name and found.suffix != ".asc")


def _snapshot(package: Package, archives: Path, mirrors: Path | None) -> Path:
    archive = archives / f"{package.folder}.tar"
    if not archive.is_file():
        archives.mkdir(parents=True, exist_ok=True)
        mirror = (mirrors or archives / "repositories") / package.name.replace("/", "+") / "repo"
        if not mirror.is_dir():
            mirror.parent.mkdir(parents=True, exist_ok=True)
            _run(["git", "clone", "--quiet", "--bare", f"https://github.com/{package.name}", str(mirror)], archives)
        repository = mirror / ".git" if (mirror / ".git").is_dir() else mirror
        fresh = archive.with_suffix(".part")
        _run(
            ["git", f"--git-dir={repository}", "archive", "--prefix=tree/", f"--output={fresh}", "--format=tar",
             package.version, "--", ":(exclude)*.json", ":(exclude)*.exe"],
            archives,
        )  # fmt: skip
        fresh.rename(archive)
    return archive


def _run(command: list[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
