-- Many new points per request. The points of a batch differ in key and step; the timestamp is new each time, and
-- is put in as the separator of one `table.concat`, so that the load generator does not become what is measured.
-- usage: wrk -s log_batch.lua URL -- FILE FIRST_STEP POINTS

dofile("bench/wrk/report.lua")

local runs = {}
local points = {}
local timestamp = 1700000000000
local headers = { ["Content-Type"] = "application/json" }

function init(args)
  for line in io.lines(args[1]) do
    runs[#runs + 1] = line
  end
  timestamp = timestamp + tonumber(args[2])
  for number = 0, tonumber(args[3]) - 1 do
    local closing = number > 0 and "}, " or ""
    points[#points + 1] = string.format(
      '%s{"key": "metric_%d", "value": %.9f, "step": %d, "timestamp": ', closing, number % 10, math.sin(number), math.floor(number / 10)
    )
  end
  points[#points + 1] = "}]}"
end

function request()
  timestamp = timestamp + 1
  local body = string.format('{"run_id": "%s", "metrics": [', runs[timestamp % #runs + 1]) .. table.concat(points, tostring(timestamp))
  return wrk.format("POST", "/api/2.0/mlflow/runs/log-batch", headers, body)
end
