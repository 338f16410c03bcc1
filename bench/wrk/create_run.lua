-- A new run per request.
-- usage: wrk -s create_run.lua URL -- EXPERIMENT_ID

dofile("bench/wrk/report.lua")

local experiment = "0"
local headers = { ["Content-Type"] = "application/json" }

function init(args)
  experiment = args[1]
end

function request()
  local body = string.format(
    '{"experiment_id": "%s", "start_time": 1700000000000, "run_name": "a run", "tags": [{"key": "mlflow.user", "value": "bench"}]}', experiment
  )
  return wrk.format("POST", "/api/2.0/mlflow/runs/create", headers, body)
end
