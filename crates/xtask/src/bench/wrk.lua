-- The requests of a file in turn. They lie in it as they go over the wire, so that this costs the load generator no
-- more than a look into an array; where the file says so, every copy gets a message id of its own.

local requests, next = {}, 0

-- A UUID of version 4.
local function id()
  local random = math.random
  return string.format("%08x-%04x-4%03x-8%03x-%06x%06x", random(0, 0xffffffff), random(0, 0xffff),
    random(0, 0xfff), random(0, 0xfff), random(0, 0xffffff), random(0, 0xffffff))
end

-- `\1` stands between requests, `\2` for an id.
function init(arguments)
  math.randomseed(tonumber(arguments[2]))
  for request in io.open(arguments[1], "rb"):read("*a"):gmatch("[^\1]+") do
    local parts = {}
    for part in (request .. "\2"):gmatch("([^\2]*)\2") do
      parts[#parts + 1] = part
      parts[#parts + 1] = ""
    end
    parts[#parts] = nil
    requests[#requests + 1] = parts
  end
end

function request()
  next = next % #requests + 1
  local parts = requests[next]
  if #parts == 1 then return parts[1] end
  for at = 2, #parts, 2 do parts[at] = id() end
  return table.concat(parts)
end
