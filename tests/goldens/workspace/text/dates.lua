-- Read and write dates as text.
local dates = {}

--- Parse a date such as 2024-02-29 into year, month and day.
function dates.parse_iso_date(text)
  local year, month, day = text:match("^(%d%d%d%d)-(%d%d)-(%d%d)$")
  if not year then
    return nil, "not a date: " .. text
  end
  return tonumber(year), tonumber(month), tonumber(day)
end

--- Say whether a year has 366 days.
function dates.is_leap_year(year)
  return year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0)
end

return dates
