-- Take rows of a run back to where they were before it was planned, some at a time, and tell which units must be
-- stopped: the image that they were planned for runs no more. Followers see rows that had ended wait again.
-- ARGV: run, time, most rows, seconds that a tombstone lasts.
-- Returns the keys of released units that nobody waits for any more, after the number of rows taken back.
local run, most = ARGV[1], tonumber(ARGV[3])
local back, keys = 0, {}
if is_over(run) then
  return {0}
end
for state in pairs(NEXT) do
  if state ~= 'waiting' and back < most then
    for _, name in ipairs(redis.call('ZRANGE', part(run, 'in:' .. state), 0, most - back - 1)) do
      local row = cjson.decode(redis.call('HGET', part(run, 'rows'), name))
      if FINAL[state] then
        redis.call('HINCRBY', part(run, 'left'), row.stage, 1)
      elseif row.key and row.key ~= '' and leave_unit(row.key, run, ARGV[4]) then
        keys[#keys + 1] = row.key
      end
      local anew = {key = '', stage = row.stage, label = row.label, state = 'waiting', at = ARGV[2]}
      write_row(run, name, anew, state, FINAL[state])
      back = back + 1
    end
  end
end
return {back, unpack(keys)}
