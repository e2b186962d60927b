-- For wrk: sends the requests of a file one after the other. All have the same length, so that
-- a request costs one buffered read and no memory is needed for the others.
--
--   wrk ... -s requests.lua URL -- FILE LENGTH FIRST COUNT
--
-- After COUNT requests from FIRST it begins at FIRST again and counts that as a lap. Prints one
-- line of JSON at the end.

local threads = {}

function setup(thread)
    table.insert(threads, thread)
end

function init(args)
    length = tonumber(args[2])
    first = tonumber(args[3])
    count = tonumber(args[4])
    file = assert(io.open(args[1], "rb"))
    file:setvbuf("full", 65536)
    file:seek("set", first * length)
    sent = 0
end

function request()
    if sent > 0 and sent % count == 0 then
        file:seek("set", first * length)
    end
    sent = sent + 1
    return file:read(length)
end

function done(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format(
        '\n{"requests":%d,"microseconds":%d,"sent":%d,"p50":%d,"p99":%d,"max":%d,'
        .. '"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d}\n',
        summary.requests, summary.duration, threads[1]:get("sent"), latency:percentile(50),
        latency:percentile(99), latency.max, errors.connect, errors.read, errors.write,
        errors.status, errors.timeout))
end
