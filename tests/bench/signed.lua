-- SPDX-License-Identifier: MIT
-- Sends bodies that were signed beforehand: one a line, "SIGNATURE BODY", each line once and then
-- from the start again. Usage: wrk -s signed.lua URL -- FILE
local bodies, signatures, at = {}, {}, 0

function init(args)
	for line in io.lines(args[1]) do
		local cut = line:find(" ", 1, true)
		signatures[#signatures + 1] = line:sub(1, cut - 1)
		bodies[#bodies + 1] = line:sub(cut + 1)
	end
end

function request()
	at = at % #bodies + 1
	return wrk.format("POST", nil, {
		["Content-Type"] = "application/json",
		["Bob-Signature"] = signatures[at],
	}, bodies[at])
end

function done(summary, latency, requests)
	local bad = summary.errors.status + summary.errors.connect + summary.errors.read
		+ summary.errors.write + summary.errors.timeout
	io.write(string.format("RESULT %d %d %d %d %d\n", summary.requests, summary.duration, bad,
		latency:percentile(50), latency:percentile(99)))
end
