-- What every script reports at its end: one line of JSON that the bench reads. wrk counts failures itself: a `response`
-- function would have it copy every answer into Lua, on the processors that the servers share with it.

function done(summary, latency, _)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests": %d, "seconds": %.6f, "failures": %d, "p50_ms": %.4f, "p95_ms": %.4f, "p99_ms": %.4f, "p999_ms": %.4f}\n',
    summary.requests,
    summary.duration / 1e6,
    errors.status + errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1e3,
    latency:percentile(95) / 1e3,
    latency:percentile(99) / 1e3,
    latency:percentile(99.9) / 1e3
  ))
end
