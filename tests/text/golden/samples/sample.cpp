#include <vector>
#pragma once

using namespace std;

namespace shop {
namespace detail {

/// Sorts things.
template <typename T>
class Sorter : public Base<T> {
 public:
  explicit Sorter(int n) : n_(n) {}
  ~Sorter() = default;

  // Sort in place.
  virtual void sort(std::vector<T>& items) const override {
    std::sort(items.begin(), items.end());
  }

  void declared(int x);

 private:
  int n_;
};

struct Point {
  int x, y;
  bool operator==(const Point& o) const { return x == o.x; }
};

enum class Color { Red, Green };

}  // namespace detail

template <class T>
T* largest(const std::vector<T>& v) {
  return nullptr;
}

}  // namespace shop

/** Out of line. */
void shop::detail::Sorter<int>::declared(int x) {
  n_ = x;
}

shop::Thing::~Thing() {
  release();
}

std::ostream& operator<<(std::ostream& os, const shop::Point& p) {
  return os;
}

using Pair = std::pair<int, int>;
