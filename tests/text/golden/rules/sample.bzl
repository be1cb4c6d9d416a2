load("@rules//:defs.bzl", "rule")

def _impl(ctx):
    """Copies files.

    Args:
      ctx: the context
    """
    return [DefaultInfo()]

copy = rule(
    implementation = _impl,
)

cc_library(
    name = "till",
    srcs = ["till.cc"],
)
