-- A script of wrk: asks for several paths in turn, or sends a body.
--
--     wrk ... -s load.lua URL -- METHOD BODY PATH...
--
-- The requests are made beforehand: the load must not be what is measured.

local requests, last = {}, 0

function init(arguments)
  local headers = {}
  local body = arguments[2]
  if body == "" then body = nil else headers["Content-Type"] = "application/json" end
  for number = 3, #arguments do
    requests[number - 2] = wrk.format(arguments[1], arguments[number], headers, body)
  end
end

function request()
  last = last % #requests + 1
  return requests[last]
end
