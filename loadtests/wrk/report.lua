-- One line that ceiling.sh reads: requests, duration in µs, answers that were not 200, socket errors, p50 and p99 in µs.
local mine = {}

function setup(thread)
  table.insert(mine, thread)
  thread:set("number", #mine)
end

function done(summary, latency, requests)
  local refused = 0
  for _, thread in ipairs(mine) do
    refused = refused + (thread:get("refused") or 0)
  end
  refused = math.max(refused, summary.errors.status)
  local lost = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  print(string.format("RESULT %d %d %d %d %d %d", summary.requests, summary.duration, refused, lost,
    latency:percentile(50), latency:percentile(99)))
end
