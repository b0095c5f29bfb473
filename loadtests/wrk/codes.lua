-- wrk -s codes.lua URL -- FORM CODES
-- FORM ends in `code=`; CODES is a file with one fresh authorization code per line, each of which is used once.
dofile("loadtests/wrk/report.lua")

local codes, next_code = {}, 0
local form
refused = 0

function init(arguments)
  form = arguments[1]
  wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
  for code in io.lines(arguments[2]) do
    codes[#codes + 1] = code
  end
end

function request()
  next_code = next_code + 1
  return wrk.format("POST", nil, nil, form .. (codes[next_code] or "none-left"))
end

function response(status)
  if status ~= 200 then
    refused = refused + 1
  end
  -- Those on their way when the last code goes out would find none.
  if next_code >= #codes - 128 then
    wrk.thread:stop()
  end
end
