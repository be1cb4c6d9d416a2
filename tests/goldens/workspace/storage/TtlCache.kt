package storage

/** Values that are forgotten some time after they were put in. */
class TtlCache<K, V>(private val lifetimeMillis: Long, private val clock: () -> Long) {
    private val entries = HashMap<K, Pair<V, Long>>()

    fun put(key: K, value: V) {
        entries[key] = value to clock() + lifetimeMillis
    }

    fun get(key: K): V? {
        val (value, expires) = entries[key] ?: return null
        if (expires < clock()) {
            entries.remove(key)
            return null
        }
        return value
    }

    /** Remove all values whose time is over and return how many there were. */
    fun purgeExpired(): Int {
        val before = entries.size
        entries.values.removeIf { it.second < clock() }
        return before - entries.size
    }
}
