package org.example

import scala.collection.mutable

/** Keeps things. */
class Cache[T](size: Int) extends Base with Closeable {
  private val items = mutable.Map[String, T]()

  /** Looks up. */
  @inline
  def get(key: String): Option[T] = {
    items.get(key)
  }
}

object Cache {
  def apply(): Cache[Int] = new Cache[Int](1)
}

trait Store {
  def save(x: String): Unit
}

case class Point(x: Int, y: Int)

given intOrd: Ordering[Int] with
  def compare(a: Int, b: Int): Int =
    a - b

enum Color:
  case Red, Green

type Handler = String => Unit

extension (s: String)
  def trimmed: String = s.trim

trait Store:
  val limit: Int = 3
  def put(key: String): Unit
