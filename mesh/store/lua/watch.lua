-- Look after a released unit again later. ARGV: unit key, milliseconds from now, how often it was published again.
if redis.call('EXISTS', unit(ARGV[1])) == 1 then
  redis.call('ZADD', 'units:watched', 'XX', milliseconds() + tonumber(ARGV[2]), ARGV[1])
  redis.call('HSET', unit(ARGV[1]), 'tries', ARGV[3])
end
return 1
