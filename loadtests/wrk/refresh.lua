-- wrk -s refresh.lua URL -- FORM AUTHORIZATION TOKENS THREADS
-- FORM ends in `refresh_token=`; TOKENS is a file with one live refresh token per line.
--
-- wrk does not tell request() which connection it is for, and need not: each thread holds a queue of live tokens;
-- request() takes the oldest, response() puts its successor at the end. Without pipelining there are never more in
-- flight than connections, so with more tokens than connections the queue never runs dry. A refused chain ends.
dofile("loadtests/wrk/report.lua")

local queue, first, last = {}, 1, 0
local form
refused = 0

function init(arguments)
  form = arguments[1]
  wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
  if arguments[2] ~= "" then
    wrk.headers["Authorization"] = arguments[2]
  end
  local threads, line = tonumber(arguments[4]), 0
  for token in io.lines(arguments[3]) do
    line = line + 1
    if line % threads == number % threads then
      last = last + 1
      queue[last] = token
    end
  end
end

function request()
  local token = "the-queue-ran-dry"
  if first <= last then
    token = queue[first]
    queue[first] = nil
    first = first + 1
  end
  return wrk.format("POST", nil, nil, form .. token)
end

function response(status, headers, body)
  local token = status == 200 and body:match('"refresh_token":"([^"]+)"')
  if token then
    last = last + 1
    queue[last] = token
  else
    refused = refused + 1
  end
end
