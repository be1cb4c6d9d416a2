-- All the users.
CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL
);

CREATE INDEX users_name ON users (name);

/* Users that are active. */
CREATE OR REPLACE VIEW active_users AS
SELECT id, name
FROM users
WHERE active;

CREATE FUNCTION add(a integer, b integer) RETURNS integer
    AS 'select a + b;'
    LANGUAGE SQL;

-- The best customers.
SELECT u.name, sum(o.total)
FROM users u
JOIN orders o ON o.user_id = u.id
GROUP BY u.name
ORDER BY 2 DESC;

INSERT INTO users VALUES (1, 'a');
