-- Give waiting rows of a run their units: product there -> cached; wanted by another run too -> joined; else backlog.
-- ARGV: run, time, then for each unit: row name, change of the row as JSON, message.
-- A change with state failed (rejected window, no inputs) ends its row at once and has an empty message.
-- Rows that are not waiting are left alone, so planning may be repeated. Returns how many went to
-- the backlog.
local run, at = ARGV[1], ARGV[2]
if is_over(run) then
  return 0
end
local fields = redis.call('HMGET', 'run:' .. run, 'instrument', 'lane', 'user')
local backlogged = 0
for position = 3, #ARGV, 3 do
  local name = ARGV[position]
  local text = redis.call('HGET', part(run, 'rows'), name)
  local row = text and cjson.decode(text)
  if row and row.state == 'waiting' then
    for field, value in pairs(cjson.decode(ARGV[position + 1])) do
      row[field] = value
    end
    row.at = at
    local key = row.key
    if row.state == 'queued' then
      redis.call('DEL', unit(key, 'cancelled'))
      local entry = product(key)
      if entry then
        take_product(row, run, entry)
      else
        redis.call('SADD', unit(key, 'runs'), run)
        redis.call('HSETNX', unit(key), 'message', ARGV[position + 2])
        local known = redis.call('HMGET', unit(key), 'released', 'row')
        if not known[1] then
          redis.call('RPUSH', part(run, 'backlog'), key)
          backlogged = backlogged + 1
        elseif known[2] then
          row = cjson.decode(known[2])
        end
      end
    end
    write_row(run, name, row, 'waiting', false)
  end
end
if backlogged > 0 then
  schedule(fields[1], fields[2], fields[3], run)
end
return backlogged
