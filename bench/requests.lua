-- wrk: asks for the paths of a file in turn, from a given place on, with a cookie when there is one.
-- Arguments after "--": the file, the place to begin at, the cookie.

local requests = {}
local place = 0

function init(args)
  if args[3] then
    wrk.headers["Cookie"] = args[3]
  end
  for path in io.lines(args[1]) do
    requests[#requests + 1] = wrk.format("GET", path)
  end
  place = tonumber(args[2] or 0)
end

function request()
  place = place + 1
  return requests[(place - 1) % #requests + 1]
end

function done(summary, latency, _)
  local bad = summary.errors.status + summary.errors.read + summary.errors.timeout
  io.write(string.format("RESULT %d %d %d %d\n", summary.requests, summary.duration,
    latency:percentile(99), bad))
end
