-- wrk -s logins.lua URL -- FORMS HOST
-- FORMS is a file with one form per line, asked in turn; HOST is the name of the tenant.
dofile("loadtests/wrk/report.lua")

local forms, next_form = {}, 0
refused = 0

function init(arguments)
  wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
  wrk.headers["Host"] = arguments[2]
  for form in io.lines(arguments[1]) do
    forms[#forms + 1] = form
  end
end

function request()
  next_form = next_form % #forms + 1
  return wrk.format("POST", nil, nil, forms[next_form])
end

function response(status)
  if status ~= 200 then
    refused = refused + 1
  end
end
