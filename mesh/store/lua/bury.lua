-- Free a unit whose owner died. KEYS: lease, count of deaths, mark of an owner that was leaving.
-- ARGV: owner, seconds that the count lasts. Of several who see the same death one counts it.
if redis.call('GET', KEYS[1]) == ARGV[1] then
  redis.call('DEL', KEYS[1])
  if redis.call('EXISTS', KEYS[3]) == 0 then
    redis.call('INCR', KEYS[2])
    redis.call('EXPIRE', KEYS[2], ARGV[2])
  end
end
