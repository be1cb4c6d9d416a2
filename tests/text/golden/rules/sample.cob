       IDENTIFICATION DIVISION.
       PROGRAM-ID. TILL.
       DATA DIVISION.
       WORKING-STORAGE SECTION.
       01 WS-SUM PIC 9(5).
       PROCEDURE DIVISION.
      * Adds all prices.
       ADD-PRICES SECTION.
       READ-NEXT.
           ADD PRICE TO WS-SUM
           END-ADD.
           EXIT.
       FINISH.
           STOP RUN.
