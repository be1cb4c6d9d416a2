CREATE OR REPLACE PACKAGE BODY store.rooms IS
  limit CONSTANT NUMBER := 3;

  PROCEDURE clean;

  -- Counts the goods.
  FUNCTION total(p_room IN NUMBER) RETURN NUMBER IS
    v_sum NUMBER := 0;
    PROCEDURE note IS BEGIN NULL; END;
  BEGIN
    LOOP
      EXIT WHEN v_sum > 3;
    END LOOP;
    RETURN v_sum;
  END total;

  PROCEDURE clean AS
  BEGIN
    DELETE FROM goods;
  END;
END rooms;
/
CREATE TABLE goods (id NUMBER);
