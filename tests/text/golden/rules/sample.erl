-module(till).
-record(item, {name, price = 0}).
-define(LIMIT, 10).
-type money() :: integer().

%% Adds all prices.
-spec total([item()]) -> money().
total([]) ->
    0;
total([#item{price = P} | Rest]) ->
    P + total(Rest).

handle_call({add, "a. b"}, _From, State)
  when State > $. ->
    {reply, ok, State}.
