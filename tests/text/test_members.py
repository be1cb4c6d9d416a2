"""Names at lines of their own: constants, fields and the like; and definitions that calls and literals make."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hunch.text.chunk import MAX_LINES, Chunk, chunk_source
from hunch.text.grammars import GRAMMARS


def chunks_of(language: str, text: str) -> list[Chunk]:
    return chunk_source(f"dir/some.{language}", language, text.encode())


def members(language: str, text: str) -> list[str]:
    """`kind qualified name@line` of all members, in order of their lines."""
    found = [one for chunk in chunks_of(language, text) for one in chunk.members]
    return [f"{one.kind} {one.qualified_name}@{one.row + 1}" for one in sorted(found, key=lambda one: one.row)]


def named(language: str, text: str) -> list[str]:
    """`first-last kind qualified name` of what has a chunk of its own."""
    return [
        f"{chunk.start_line}-{chunk.end_line} {chunk.kind} {chunk.qualified_name}"
        for chunk in chunks_of(language, text)[1:]
        if chunk.kind != "block"
    ]


MEMBERS = {
    "python": (
        "WAIT: float = 2.5\nPoint = namedtuple('Point', 'lat lon')\nhalve = lambda n: n / 2\n\n"
        "class Level(IntEnum):\n    LOW = 1\n\n\nclass Kettle:\n    litres: float = 1.7\n\n"
        "    def boil(self):\n        heat = 3\n        return heat\n",
        ["constant WAIT@1", "class Point@2", "function halve@3", "constant Level.LOW@6", "field Kettle.litres@10"],
    ),
    "javascript": (
        "const WAIT_MS = 250;\nexports.limit = 3;\nclass Kettle {\n  litres = 1;\n  boil() {\n    const heat = 2;\n"
        "    return heat;\n  }\n}\n",
        ["constant WAIT_MS@1", "constant limit@2", "field Kettle.litres@4"],
    ),
    "typescript": (
        "export enum Level { Low, High = 'h' }\nexport interface Tea { grams: number }\nnamespace shop {\n"
        "  export const open = 8;\n}\ndeclare const NO: string;\n",
        ["constant Level.Low@1", "constant Level.High@1", "field Tea.grams@2", "constant shop.open@4", "constant NO@6"],
    ),
    "tsx": ("const cx = bind(styles);\n", ["constant cx@1"]),
    "go": (
        "package tea\n\nconst WaitMs = 250\n\nvar (\n\tErrCold = errors.New(\"cold\")\n)\n\ntype Kettle struct {\n"
        "\tLitres float64\n}\n\nfunc boil() {\n\tconst heat = 2\n}\n",
        ["constant WaitMs@3", "constant ErrCold@6", "field Kettle.Litres@10"],
    ),
    "rust": (
        "const WAIT_MS: u64 = 250;\nenum Level { Low, High(u8) }\nstruct Kettle {\n    litres: f32,\n}\nimpl Kettle {\n"
        "    const HOT: u8 = 100;\n}\n",
        ["constant WAIT_MS@1", "constant Level.Low@2", "constant Level.High@2", "field Kettle.litres@4",
         "constant Kettle.HOT@7"],
    ),
    "java": (
        "class Kettle {\n  static final int HOT = 100;\n  private float litres;\n  enum Level { LOW, HIGH }\n"
        "  void boil() {\n    int heat = 2;\n  }\n}\n",
        ["constant Kettle.HOT@2", "field Kettle.litres@3", "constant Kettle.Level.LOW@4",
         "constant Kettle.Level.HIGH@4"],
    ),
    "c": (
        "#define WAIT_MS 250\n#define KETTLE_H\nstatic int boiled = 0;\nenum level { LOW_HEAT, HIGH_HEAT };\n"
        "struct kettle { float litres; char *maker; };\n",
        ["macro WAIT_MS@1", "constant boiled@3", "constant level.LOW_HEAT@4", "constant level.HIGH_HEAT@4",
         "field kettle.litres@5", "field kettle.maker@5"],
    ),
    "cpp": (
        "namespace tea {\nconstexpr int kWait = 250;\nclass Kettle {\n  float litres_;\n  void boil();\n};\n}\n",
        ["constant tea.kWait@2", "field tea.Kettle.litres_@4", "method tea.Kettle.boil@5"],
    ),
    "objective-c": (
        "#define kWait 250\nstatic NSString * const Brewed = @\"brewed\";\n"
        "typedef NS_ENUM(NSInteger, Level) { Low, High };\n",
        ["macro kWait@1", "constant Brewed@2", "constant Level.Low@3", "constant Level.High@3"],
    ),
    "csharp": (
        "class Kettle {\n  const int Hot = 100;\n  float litres;\n  public int Cups { get; set; }\n}\n"
        "enum Level { Low, High }\n",
        ["constant Kettle.Hot@2", "field Kettle.litres@3", "field Kettle.Cups@4", "constant Level.Low@6",
         "constant Level.High@6"],
    ),
    "ruby": (
        "WAIT_MS = 250\n\nclass Kettle < Pot\n  HOT = 100\n  attr_reader :litres, :maker\n\n  def boil\n    heat = 2\n"
        "  end\nend\n",
        ["constant WAIT_MS@1", "constant Kettle.HOT@4", "field Kettle.litres@5", "field Kettle.maker@5"],
    ),
    "php": (
        "<?php\nconst WAIT_MS = 250;\ndefine('BUILD_NO', 7);\nclass Kettle {\n  const HOT = 100;\n  private $litres;\n"
        "}\nenum Level { case Low; case High; }\n",
        ["constant WAIT_MS@2", "constant BUILD_NO@3", "constant Kettle.HOT@5", "field Kettle.litres@6",
         "constant Level.Low@8", "constant Level.High@8"],
    ),
    "kotlin": (
        "const val WAIT_MS = 250\nenum class Level { LOW, HIGH }\nclass Kettle {\n  val litres = 1.7\n"
        "  fun boil() { val heat = 2 }\n}\n",
        ["constant WAIT_MS@1", "constant Level.LOW@2", "constant Level.HIGH@2", "field Kettle.litres@4"],
    ),
    "swift": (
        "let waitMs = 250\nenum Level {\n  case low\n  case high\n}\nstruct Kettle {\n  var litres: Double\n}\n",
        ["constant waitMs@1", "constant Level.low@3", "constant Level.high@4", "field Kettle.litres@7"],
    ),
    "scala": (
        "object Kettle {\n  val Litres = 2\n  def boil() = { val heat = 2; heat }\n}\nenum Level { case Low, High }\n",
        ["field Kettle.Litres@2", "constant Level.Low@5", "constant Level.High@5"],
    ),
    "lua": ("local wait_ms = 250\nlocal M = {}\nM.VERSION = '2'\n", ["constant wait_ms@1", "constant M.VERSION@3"]),
    "bash": (
        "readonly WAIT_MS=250\nexport TEA_HOME=/srv/tea\nboil() {\n  local heat=2\n}\n",
        ["constant WAIT_MS@1", "constant TEA_HOME@2"],
    ),
    "elixir": (
        "defmodule Kettle do\n  @moduledoc \"Tea.\"\n  @wait_ms 250\n  @doc \"Boil.\"\n"
        "  def boil(n), do: n + @wait_ms\nend\n",
        ["constant Kettle.wait_ms@3"],
    ),
    "zig": (
        "const std = @import(\"std\");\nconst wait_ms: u32 = 250;\nconst Kettle = struct {\n    litres: f32,\n"
        "    const hot = 100;\n};\nconst Level = enum { low, high };\n",
        ["constant wait_ms@2", "field Kettle.litres@4", "constant Kettle.hot@5", "constant Level.low@7",
         "constant Level.high@7"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("language", MEMBERS)
def test_members_of_each_language(language: str) -> None:
    source, expected = MEMBERS[language]
    assert members(language, source) == expected


def test_every_grammar_names_its_constants() -> None:
    assert set(GRAMMARS) - set(MEMBERS) <= {"sql", "haskell"}  # they have none that is no definition


WRAPPED = {
    "tsx": (
        "export const Badge = memo(function Badge({ count }: { count: number }) {\n  return <b>{count}</b>;\n});\n\n"
        "const Field = forwardRef<HTMLInputElement, P>((props, ref) => {\n  return <input ref={ref} />;\n});\n\n"
        "const Panel = styled.section`\n  margin: 0;\n  border: none;\n`;\n",
        ["1-3 function Badge", "5-7 function Field", "9-12 constant Panel"],
    ),
    "typescript": (
        "export const cartSlice = createSlice({\n  name: 'cart',\n  reducers: {\n    putInto(state, item) {\n"
        "      state.items.push(item);\n    },\n  },\n});\n\nexport const listen = (async ({ port }) => {\n"
        "  open(port);\n}) satisfies Listener;\n\nclass Box {\n  save = debounce(() => {\n    write();\n  }, 9);\n}\n",
        ["1-3 constant cartSlice", "4-6 method cartSlice.reducers.putInto", "10-12 function listen", "14-14 class Box",
         "15-17 method Box.save"],
    ),
    "javascript": (
        "const api = {\n  read() {\n    return 1;\n  },\n  send: async () => {\n    return 2;\n  },\n};\n\n"
        "exports.pay = guarded(function (order) {\n  return order.total;\n});\n\nPot.prototype.pour = function () {\n"
        "  return 3;\n};\n\nexport default {\n  name: 'Tea',\n  mounted() {\n    this.boil();\n  },\n};\n\n"
        "const sums = rows.map((row) => {\n  return row.sum;\n});\n",
        ["1-1 constant api", "2-4 method api.read", "5-7 method api.send", "10-12 function pay",
         "14-16 method Pot.pour", "18-19 constant default", "20-22 method default.mounted", "25-27 constant sums"],
    ),
    "lua": (
        "local pour = traced(function(cup)\n  fill(cup)\nend)\n\nM.boil = function(pot)\n  heat(pot)\nend\n",
        ["1-3 function pour", "5-7 function M.boil"],
    ),
    "python": (
        "post = functools.partial(\n    send,\n    method='POST',\n)\n\nPRICES = {\n    'tea': 3,\n    'milk': 1,\n}\n",
        ["1-4 function post", "6-9 constant PRICES"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("language", WRAPPED)
def test_what_calls_and_literals_define(language: str) -> None:
    source, expected = WRAPPED[language]
    assert named(language, source) == expected


def test_a_class_that_is_opened_again_is_a_name_and_no_chunk() -> None:
    source = "module Tea\n  class Kettle\n    def pour\n      fill\n    end\n  end\nend\n"
    assert named("ruby", source) == ["3-5 method Tea.Kettle.pour"]
    assert members("ruby", source) == ["module Tea@1", "class Tea.Kettle@2"]
    assert "1-3 class Kettle" in named(
        "ruby", "# Boils.\nclass Kettle\n  LITRES = 2\n\n  def pour\n    fill\n  end\nend\n"
    )


def test_overloads_join_what_they_are_of_unless_that_is_too_long() -> None:
    def source(lines: int) -> str:
        body = "".join(f"  step({number});\n" for number in range(lines))
        return f"export function pour(a: string): void;\nexport function pour(a: any): void {{\n{body}}}\n"

    assert named("typescript", source(3)) == ["1-6 function pour"]
    apart = chunks_of("typescript", source(MAX_LINES))
    assert all(chunk.end_line - chunk.start_line < MAX_LINES for chunk in apart[1:])
    assert {chunk.name for chunk in apart[1:]} == {"pour"}


def test_neighbours_without_a_name_are_not_joined() -> None:
    test = "it('boils', () => {{\n{body}}});\n"
    body = "  function helper() {\n    one();\n    two();\n  }\n" + "  step();\n" * 45
    source = test.format(body=body) + test.format(body=body.replace("helper", "other"))
    assert {"helper", "other"} <= {line.split()[-1] for line in named("typescript", source)}


def test_a_table_of_very_many_names_is_bounded() -> None:
    source = "".join(f"NAME_{number} = {number}\n" for number in range(20_000))
    held = [len(chunk.members) for chunk in chunks_of("python", source)]
    assert max(held) <= 200 and sum(held) <= 5_000


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(MEMBERS)), st.integers(0, 300), st.binary(max_size=6))
def test_every_member_is_inside_its_chunk_and_once(language: str, place: int, noise: bytes) -> None:
    source = MEMBERS[language][0].encode()
    for chunk in chunk_source("a", language, source[:place] + noise + source[place:]):
        lines = [one.row + 1 for one in chunk.members]
        assert all(chunk.start_line <= line <= chunk.end_line for line in lines)
        assert len({(one.name, one.qualified_name) for one in chunk.members}) == len(lines)
