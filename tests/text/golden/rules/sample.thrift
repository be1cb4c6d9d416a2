namespace py shop

/** What is sold. */
struct Item {
  1: required string name,
}

enum Kind { A = 1 }

service Shop extends Base {
  Receipt sell(1: Item item) throws (1: Broken b),
  oneway void ping()
}

typedef map<string, i32> Counts
