-- End the rows of a run that was cancelled or refused, as far as they are not final, some at a time, and tell which units must be stopped.
-- ARGV: run, time, most rows, seconds that a tombstone lasts.
-- Returns the keys of released units that nobody waits for any more, after the number of rows ended.
local run, most = ARGV[1], tonumber(ARGV[3])
local ended, keys = 0, {}
for _, state in ipairs({'running', 'queued', 'waiting'}) do
  for _, name in ipairs(redis.call('ZRANGE', part(run, 'in:' .. state), 0, most - ended - 1)) do
    local row = cjson.decode(redis.call('HGET', part(run, 'rows'), name))
    local key = row.key
    row.state, row.at = 'cancelled', ARGV[2]
    write_row(run, name, row, state, false)
    ended = ended + 1
    if key and key ~= '' and leave_unit(key, run, ARGV[4]) then
      keys[#keys + 1] = key
    end
  end
  if ended >= most then
    break
  end
end
return {ended, unpack(keys)}
