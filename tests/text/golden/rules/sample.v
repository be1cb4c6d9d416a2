`define WIDTH 8
// Counts up.
module counter #(parameter W = 8) (
  input  wire clk,
  output reg [W-1:0] count
);
  function automatic [W-1:0] next(input [W-1:0] c);
    next = c + 1'b1;
  endfunction
  always @(posedge clk) begin
    count <= next(count);
  end
endmodule

typedef enum logic [1:0] {
  IDLE, BUSY
} state_e;

class driver extends uvm_driver #(item);
  extern function void build_phase(uvm_phase phase);
  virtual task run_phase(uvm_phase phase);
    forever begin end
  endtask
endclass
