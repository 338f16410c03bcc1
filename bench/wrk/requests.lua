-- Sends the requests of a file in turn. Each line is METHOD, PATH and BODY, separated by tabs.
-- usage: wrk -s requests.lua URL -- FILE

dofile("bench/wrk/report.lua")

local requests = {}
local turn = 0

function init(args)
  for line in io.lines(args[1]) do
    local method, path, body = line:match("^([^\t]*)\t([^\t]*)\t(.*)$")
    local headers = { ["Content-Type"] = "application/json" }
    requests[#requests + 1] = wrk.format(method, path, headers, body ~= "" and body or nil)
  end
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end
