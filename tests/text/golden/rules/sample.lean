import Mathlib

namespace Shop.Till

/-- What is sold. -/
structure Item where
  name : String
  price : Nat

/-- Adds all prices. -/
def total (items : List Item) : Nat :=
  items.foldl (fun s i => s + i.price) 0

@[simp] theorem total_nil : total [] = 0 := by
  rfl

inductive Season
  | spring
  | summer

end Shop.Till
