import gleam/list

/// A till.
pub type Till {
  Till(sum: Int)
}

/// Adds a price.
pub fn add(till: Till, price: Int) -> Till {
  case price > 0 {
    True -> Till(till.sum + price)
    False -> till
  }
}

@external(erlang, "shop", "now")
pub fn now() -> Int

const limit = 3
