-- One new point per request, spread over the runs of a file (one id per line).
-- usage: wrk -s log_metric.lua URL -- FILE FIRST_STEP

dofile("bench/wrk/report.lua")

local runs = {}
local step = 0
local headers = { ["Content-Type"] = "application/json" }

function init(args)
  for line in io.lines(args[1]) do
    runs[#runs + 1] = line
  end
  step = tonumber(args[2])
end

function request()
  step = step + 1
  local body = string.format(
    '{"run_id": "%s", "key": "loss", "value": %.6f, "timestamp": %d, "step": %d}',
    runs[step % #runs + 1], 1 / step, 1700000000000 + step, step
  )
  return wrk.format("POST", "/api/2.0/mlflow/runs/log-metric", headers, body)
end
