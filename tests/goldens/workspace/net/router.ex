defmodule Net.Router do
  @moduledoc "Finds the handler of a request by its path."

  @doc "Match a path such as /users/42 with the routes and return the handler with the parameters."
  def match_route(routes, path) do
    Enum.find_value(routes, :not_found, fn {pattern, handler} ->
      case bind_segments(split_path(pattern), split_path(path), %{}) do
        {:ok, params} -> {handler, params}
        :error -> nil
      end
    end)
  end

  defp split_path(path), do: String.split(path, "/", trim: true)

  defp bind_segments([], [], params), do: {:ok, params}
  defp bind_segments([":" <> name | rest], [value | values], params), do: bind_segments(rest, values, Map.put(params, name, value))
  defp bind_segments([same | rest], [same | values], params), do: bind_segments(rest, values, params)
  defp bind_segments(_, _, _), do: :error
end
