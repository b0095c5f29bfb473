-- wrk -s people.lua URL -- FORM USERS COUNT
-- COUNT logins, each of the next person and from an address of its own. FORM ends in `username=`, USERS is how many
-- people loadtests/tenant.py made. Who is told to come back (503) is replaced by the next. wrk itself would sleep until
-- its duration is over: this ends it, with exit status 1 when more than one in a hundred was refused.

local form, users, count
local number, made, refused = 0, 0, 0

function init(arguments)
  form, users, count = arguments[1], tonumber(arguments[2]), tonumber(arguments[3])
  wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
end

function request()
  local address = string.format("10.%d.%d.%d", number / 65536 % 256, number / 256 % 256, number % 256)
  local person = string.format("user-%07d%%40load.example", number % users)
  number = number + 1
  wrk.headers["X-Forwarded-For"] = address
  return wrk.format("POST", nil, wrk.headers, form .. person)
end

function response(status, headers, body)
  if status == 200 then
    made = made + 1
  else
    refused = refused + 1
    if refused % 100 == 1 then
      print(status, body)
    end
  end
  if made >= count or refused > count / 100 + 100 then
    print(string.format("%d logins, %d refused", made, refused))
    os.exit(made >= count and 0 or 1)
  end
end
