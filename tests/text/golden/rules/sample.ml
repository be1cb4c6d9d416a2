open Printf

(** Parses a price. *)
let rec parse ?(unit = "EUR") s =
  let rest = String.trim s in
  int_of_string rest

type 'a tree =
  | Leaf
  | Node of 'a tree * 'a * 'a tree

module Stack = struct
  let push x s = x :: s
  (* let old x = x *)
end

let limit = 10

let () = print_endline (parse "3")
