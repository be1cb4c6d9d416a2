/*
 * Licensed to the Apache Software Foundation (ASF) under one or more
 * contributor license agreements.
 */
package org.example;

import java.util.List;
import java.util.Map;

/**
 * A cache of things.
 *
 * @param <T> the thing
 */
@SuppressWarnings("unchecked")
public class Cache<T> extends Base implements Closeable {
    private static final int LIMIT = 10;
    private final Map<String, T> items = new HashMap<>();

    /** Creates an empty cache. */
    public Cache() {
        super();
    }

    /**
     * Looks up.
     */
    @Override
    public T get(String key) throws IOException {
        return items.get(key);
    }

    static {
        System.loadLibrary("x");
    }

    private int size;

    public interface Listener {
        void onEvict(String key);

        default void ping() {
            System.out.println("x");
        }
    }

    enum State {
        OPEN, CLOSED;

        boolean isOpen() {
            return this == OPEN;
        }
    }

    record Point(int x, int y) {
        Point {
            if (x < 0) throw new IllegalArgumentException();
        }
    }

    @interface Marker {
        String value();
    }
}
