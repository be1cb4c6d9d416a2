library ieee;
use ieee.std_logic_1164.all;

-- Counts up.
entity counter is
  port (clk : in std_logic);
end entity;

architecture rtl of counter is
  function next_of(c : integer) return integer is
  begin
    return c + 1;
  end function;
begin
  step : process (clk)
  begin
    if rising_edge(clk) then
      count <= next_of(count);
    end if;
  end process;
end architecture;
