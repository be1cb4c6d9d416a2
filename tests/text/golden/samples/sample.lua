-- Keeps things.
local M = {}
local json = require("json")

--- Adds one.
-- @param x what
local function add(x)
  return x + 1
end

-- Reads it all.
function M.read(path)
  local f = io.open(path)
  return f:read("*a")
end

function M:close()
  self.open = false
end

M.write = function(path, text)
  return true
end

local helper = function(a)
  return a
end

return M
