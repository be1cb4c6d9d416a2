module Tides

"""
How high the water is.
"""
function height(t::Real; moon=1)
    if moon > 0
        return sin(t)
    end
    0
end

Base.show(io::IO, t::Tide) = print(io, t.name)

mutable struct Tide{T} <: Water
    name::String
end

macro twice(ex)
    :($ex; $ex)
end

const ROOT = 3
end
