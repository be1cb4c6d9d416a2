defmodule Shop.Basket do
  @moduledoc """
  Keeps goods.
  """

  use GenServer
  import Enum, only: [map: 2]
  alias Shop.Item

  @limit 10
  defstruct [:items, :owner]

  @doc """
  Adds one item.
  """
  @spec add(t, Item.t()) :: t
  def add(%__MODULE__{} = basket, item) when is_map(item) do
    %{basket | items: [item | basket.items]}
  end

  def add(basket, nil), do: basket

  @doc false
  defp hidden(x) do
    x
  end

  # Unless it is.
  defmacro unless(cond, do: block) do
    quote do: if(!unquote(cond), do: unquote(block))
  end

  defmodule Nested do
    def work, do: :ok
  end
end

defprotocol Size do
  def size(data)
end

defimpl Size, for: Map do
  def size(map), do: map_size(map)
end

defmodule Store do
  @limit 3
  @type key :: String.t()
  @callback put(key) :: :ok

  def limit, do: @limit
end
