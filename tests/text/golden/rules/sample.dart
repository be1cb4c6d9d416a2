import 'dart:io';

/// A shelf of goods.
abstract class Shelf<T> extends Base with Counted {
  final Map<String, T> goods = {};

  Shelf(this.room, {required this.height});
  Shelf.empty() : this('', height: 0);

  /// How many there are.
  int get count => goods.length;

  @override
  Future<T?> take(String name, {bool all = false}) async {
    if (all) {
      goods.clear(); // }
    }
    return goods.remove(name);
  }

  bool operator ==(Object other) => identical(this, other);
}

enum Season { spring, summer }

typedef Visitor = void Function(Shelf shelf);

void main() {
  test('class Fake { }', () {});
}
