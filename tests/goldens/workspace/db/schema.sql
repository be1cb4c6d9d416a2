-- Customers and what they have ordered.
CREATE TABLE customers (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT NOT NULL UNIQUE
);

CREATE TABLE orders (
    id INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    paid_at TIMESTAMP,
    total_cents INTEGER NOT NULL
);

-- Orders that nobody has paid for two weeks.
CREATE VIEW unpaid_orders AS
SELECT orders.id, customers.email, orders.total_cents
FROM orders JOIN customers ON customers.id = orders.customer_id
WHERE orders.paid_at IS NULL AND orders.created_at < CURRENT_TIMESTAMP - INTERVAL '14 days';
