module shop.till;
import std.stdio;

/// A till.
class Till : Base
{
    private int sum;

    this(int start) { sum = start; }

    /// Adds a price.
    @safe pure void add(in int price) nothrow
    {
        if (price > 0) { sum += price; }
    }

    abstract int total() const;
}

struct Point { int x, y; }

auto biggest(R)(R range) if (isInputRange!R)
{
    return range.front; // '}'
}

unittest { int local() { return 1; } }
alias Prices = int[string];
