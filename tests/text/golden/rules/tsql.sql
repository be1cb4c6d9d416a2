SET ANSI_NULLS ON
GO
-- Moves goods between rooms.
CREATE PROC [store].[Move Goods]
    @From INT,
    @To INT = 1
AS
    CREATE TABLE #moved (id INT);
    INSERT INTO #moved SELECT id FROM goods WHERE room = @From;
    IF @To > 0
    BEGIN
        UPDATE goods SET room = @To;
    END
    SELECT * FROM #moved;
GO
ALTER TRIGGER store.Watch ON store.goods AFTER UPDATE AS
BEGIN
    PRINT 'CREATE PROCEDURE fake';
END
GO
CREATE VIEW store.Empty AS SELECT id FROM store.rooms WHERE goods = 0
GO
