-- Posts one body of a thousand metrics again and again: for the floor of a server that reads it and does nothing.
-- usage: wrk -s body.lua URL -- PATH

dofile("bench/wrk/report.lua")

local body = "{}"
local path = "/"

function init(args)
  path = args[1]
  local points = {}
  for number = 0, 999 do
    points[#points + 1] = string.format(
      '{"key": "metric_%d", "value": %.9f, "step": %d, "timestamp": 1700000000000}', number % 10, math.sin(number), math.floor(number / 10)
    )
  end
  body = '{"run_id": "x", "metrics": [' .. table.concat(points, ", ") .. "]}"
end

function request()
  return wrk.format("POST", path, { ["Content-Type"] = "application/json" }, path == "/hello" and "{}" or body)
end
