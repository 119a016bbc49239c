-- SPDX-License-Identifier: MIT
-- Sends ready-made requests of one length, one after another, from a file.
-- BENCH_FILE, BENCH_RECORD_BYTES, BENCH_FIRST: where they are, and where to begin.
-- After the last one it begins anew; the printed count tells.
local size = tonumber(os.getenv("BENCH_RECORD_BYTES"))
local file

function init(args)
	file = assert(io.open(os.getenv("BENCH_FILE"), "rb"))
	file:setvbuf("full", 65536)
	file:seek("set", tonumber(os.getenv("BENCH_FIRST")) * size)
end

function request()
	local bytes = file:read(size)
	if not bytes then
		file:seek("set", 0)
		bytes = file:read(size)
	end
	return bytes
end

function done(summary, latency, requests)
	local errors = summary.errors
	io.write(string.format("BENCH %d %d %d %d %d %d\n", summary.requests, summary.duration,
		latency:percentile(50), latency:percentile(99), errors.status,
		errors.connect + errors.read + errors.write + errors.timeout))
end
