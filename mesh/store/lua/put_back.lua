-- Put released units that the broker refused back to the head of the backlog, as if they had not been released.
-- ARGV: for each unit its key and the run that it was released for, in the order of the release. Returns how many.
local back = 0
for position = #ARGV - 1, 1, -2 do
  local key, run = ARGV[position], ARGV[position + 1]
  local record = redis.call('HMGET', unit(key), 'released', 'instrument', 'lane', 'user', 'row')
  -- One that a worker has told of is with the broker after all.
  if record[1] and not record[5] and not is_over(run) then
    leave_window(key)
    redis.call('HDEL', unit(key), 'released')
    redis.call('LPUSH', part(run, 'backlog'), key)
    schedule(record[2], record[3], record[4], run)
    redis.call('ZINCRBY', 'backlog:' .. record[2] .. ':' .. record[3], -share_of(record[4]), record[4])
    back = back + 1
  end
end
return back
