import strutils

type
  Shelf* = ref object of RootObj
    name: string
  Colour = enum
    red, green

proc total*(items: seq[int],
            tax = 0): int =
  ## The sum of all.
  for i in items:
    result += i

template twice(body: untyped) =
  body
  body

proc `+`(a, b: Shelf): Shelf = a
