-- The requests of one thread. CODES says which codes are asked for, of so many as COUNT says: one (hot), all in turn, any (uniform),
-- or some far more than others (zipf). In URL_PATH and BODY {code} stands for the code; METHOD and API_KEY may be set.
local codes, count = os.getenv("CODES"), tonumber(os.getenv("COUNT"))
local body, key = os.getenv("BODY"), os.getenv("API_KEY")
local line = (os.getenv("METHOD") or "GET") .. " " .. os.getenv("URL_PATH")
local before, after = line:match("^(.-){code}(.*)$")
local head = " HTTP/1.1\r\nHost: " .. os.getenv("URL_HOST") .. "\r\n"
if key then
  head = head .. "X-Api-Key: " .. key .. "\r\n"
else
  head = head .. "User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36\r\n"
    .. "Referer: https://news.example/some/page?with=a&query\r\n"
end
local at, span = 0, math.log(count + 1)
math.randomseed(42)

local next_code = {
  hot = function() return 42 end,
  all = function() at = (at + 1) % count; return at end,
  uniform = function() return math.random(0, count - 1) end,
  -- Rank r with a probability of about 1/r; the ranks are scattered over the codes.
  zipf = function() return (math.floor(math.exp(math.random() * span)) - 1) * 7919 % count end,
}
local number = next_code[codes]

local function made()
  local code = string.format("b%07d", number())
  local line = before and before .. code .. after or line
  if not body then return line .. head .. "\r\n" end
  local filled = body:gsub("{code}", code)
  return line .. head .. "Content-Type: application/json\r\nContent-Length: " .. #filled .. "\r\n\r\n" .. filled
end

local same = codes == "hot" and made()
request = function() return same or made() end

done = function(summary, latency)
  io.write(string.format(
    '\n{"requests":%d,"microseconds":%d,"p50_us":%d,"p99_us":%d,"failed":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
