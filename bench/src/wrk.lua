-- One connection's requests: of one code, of all in turn, of any (uniform), or of some far more than of others (zipf).
-- LOAD is one of hot, all, uniform, zipf; CODES how many codes there are; HOST and PATH where they are, PATH with {code}.
local load, codes = os.getenv("LOAD"), tonumber(os.getenv("CODES"))
local before, after = os.getenv("URL_PATH"):match("^(.-){code}(.*)$")
local rest = after .. " HTTP/1.1\r\nHost: " .. os.getenv("URL_HOST") .. "\r\n"
  .. "User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36\r\n"
  .. "Referer: https://news.example/some/page?with=a&query\r\n\r\n"
local at, span = 0, math.log(codes + 1)
math.randomseed(42)

local next_code = {
  hot = function() return 42 end,
  all = function() at = (at + 1) % codes; return at end,
  uniform = function() return math.random(0, codes - 1) end,
  -- Rank r with a probability of about 1/r; the ranks are scattered over the codes.
  zipf = function() return (math.floor(math.exp(math.random() * span)) - 1) * 7919 % codes end,
}
local code = next_code[load]
local hot = "GET " .. before .. "b0000042" .. rest

request = function()
  if load == "hot" then return hot end
  return string.format("GET %sb%07d%s", before, code(), rest)
end

done = function(summary, latency)
  io.write(string.format(
    '\n{"requests":%d,"microseconds":%d,"p50_us":%d,"p99_us":%d,"failed":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
