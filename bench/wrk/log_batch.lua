-- The next steps of several metrics in each request. A timestamp is a counter, and a step the counter and two more digits;
-- it is put in as the separator of one `table.concat`, so that the load generator does not become what is measured.
-- usage: wrk -s log_batch.lua URL -- FILE FIRST_STEP POINTS

dofile("bench/wrk/report.lua")

local runs = {}
local parts = {}
local counter = 1700000000000
local headers = { ["Content-Type"] = "application/json" }

function init(args)
  for line in io.lines(args[1]) do
    runs[#runs + 1] = line
  end
  counter = counter + tonumber(args[2])
  local before = ""
  for number = 0, tonumber(args[3]) - 1 do
    parts[#parts + 1] = string.format('%s{"key": "metric_%d", "value": %.9f, "timestamp": ', before, number % 10, math.sin(number))
    parts[#parts + 1] = ', "step": '
    before = string.format("%02d}, ", math.floor(number / 10))
  end
  parts[#parts + 1] = before:sub(1, -3) .. "]}"
end

function request()
  counter = counter + 1
  local body = string.format('{"run_id": "%s", "metrics": [', runs[counter % #runs + 1]) .. table.concat(parts, string.format("%d", counter))
  return wrk.format("POST", "/api/2.0/mlflow/runs/log-batch", headers, body)
end
