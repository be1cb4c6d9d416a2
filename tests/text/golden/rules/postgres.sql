CREATE FUNCTION store.room_of(id int) RETURNS int AS $body$
BEGIN
  CREATE TABLE fake (id int);
  RETURN 1;
END;
$body$ LANGUAGE plpgsql;

DO $$ BEGIN PERFORM 1; END $$;

/* Who may see it. */
CREATE OR REPLACE PROCEDURE store.clean(days int)
LANGUAGE sql
BEGIN ATOMIC
  DELETE FROM goods WHERE age > days;
  SELECT CASE WHEN days > 1 THEN 1 END;
END;

CREATE UNLOGGED TABLE "Goods" (id int);
CREATE CONSTRAINT TRIGGER guard AFTER INSERT ON goods EXECUTE FUNCTION store.check();
ALTER FUNCTION store.room_of(int) OWNER TO me;

WITH old AS (
  SELECT 1
)
SELECT * FROM old;
