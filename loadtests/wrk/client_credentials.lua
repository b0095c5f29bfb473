-- wrk -s client_credentials.lua URL -- FORM AUTHORIZATION
-- The same request over and over: wrk sends it without entering Lua.
dofile("loadtests/wrk/report.lua")

function init(arguments)
  wrk.method = "POST"
  wrk.body = arguments[1]
  wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
  if arguments[2] and arguments[2] ~= "" then
    wrk.headers["Authorization"] = arguments[2]
  end
end
