with Ada.Text_IO;

package body Shop.Tills is

   --  Adds a price.
   procedure Add
     (Self  : in out Till;
      Price : Natural)
   is
   begin
      if Price > 0 then
         Self.Sum := Self.Sum + Price;
      end if;
   end Add;

   function Total (Self : Till) return Natural is (Self.Sum);

   procedure Clear (Self : in out Till);

   type Item is record
      Name : String (1 .. 3);
   end record;

end Shop.Tills;
