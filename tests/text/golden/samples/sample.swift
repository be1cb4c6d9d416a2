import Foundation

let limit = 10

/// Keeps things.
@MainActor
public final class Cache<T>: Base {
    private var items: [String: T] = [:]

    /// Creates one.
    init(size: Int) {
        self.size = size
    }

    deinit {
        print("bye")
    }

    func get(_ key: String) -> T? {
        return items[key]
    }
}

protocol Store {
    func save(_ x: String)
}

struct Point {
    let x: Int
    mutating func move() { }
}

enum Level {
    case low, high
}

extension String {
    // Trims.
    func trimmed() -> String {
        return self
    }
}

func main() async throws {
    print("x")
}

protocol Store {
    var limit: Int { get }
    func put(_ key: String)
}

struct Shelf {
    let places = 4
}
