-- wrk -s get.lua URL -- COOKIE
-- The same page over and over, in a browser that is known.
dofile("loadtests/wrk/report.lua")

function init(arguments)
  wrk.headers["Cookie"] = arguments[1]
end
