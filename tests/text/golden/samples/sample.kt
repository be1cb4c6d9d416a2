package org.example

import java.util.*

const val LIMIT = 10

/** Keeps things. */
@Singleton
class Cache<T>(private val size: Int) : Base(), Closeable {
    private val items = mutableMapOf<String, T>()

    /** Looks up. */
    override fun get(key: String): T? {
        return items[key]
    }

    companion object {
        fun create() = Cache<Int>(1)
    }

    val count: Int
        get() = items.size
}

interface Store {
    fun save(x: String)
}

object Registry {
    fun register(x: Any) {
        println(x)
    }
}

enum class Level { LOW, HIGH }

data class Point(val x: Int, val y: Int)

typealias Handler = (String) -> Unit

// Trims.
suspend fun String.trimmed(): String =
    this.trim()
