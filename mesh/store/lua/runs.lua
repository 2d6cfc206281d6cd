-- Runs from their rows to their outcome, but for what units tell of themselves and for what stops a run.

-- Note something about a run that is not over. Arguments: run, then fields of its record, each a name and a text; an
-- empty text removes the field. Returns whether it was noted.
register('note_run', function(args)
  local run = args[1]
  if is_over(run) then
    return 0
  end
  for position = 2, #args, 2 do
    if args[position + 1] == '' then
      redis.call('HDEL', run_key(run), args[position])
    else
      redis.call('HSET', run_key(run), args[position], args[position + 1])
    end
  end
  return 1
end)

-- Note that all units of a stage are planned. Arguments: run, stage, token of the claim (empty: not asked for).
-- Returns 0 where the claim is not the caller's any more: rows of a run that was opened anew may lack their units.
register('note_planned', function(args)
  local run, token = args[1], args[3]
  if is_over(run) then
    return 1
  end
  if token ~= '' and redis.call('GET', run_key(run, 'claim')) ~= token then
    return 0
  end
  redis.call('HSET', run_key(run), 'planned:' .. args[2], '1')
  return 1
end)

-- Keep products from being removed while a run needs them because its caller named them. Arguments: run, keys.
register('hold_products', function(args)
  if not is_over(args[1]) and #args > 1 then
    redis.call('SADD', run_key(args[1], 'given'), unpack(args, 2))
  end
  return 1
end)

-- Write rows of a run that has none yet, all waiting, in the order of the table.
-- Arguments: run, place of the first one (0: begin anew), then for each row its name and the row as JSON.
-- Returns 'written'; 'over' when the run takes no rows (any more) or has them already; 'overtaken' when somebody else
-- began anew meanwhile.
register('lay_rows', function(args)
  local run, start = args[1], tonumber(args[2])
  if is_over(run) or redis.call('HEXISTS', run_key(run), 'laid_out') == 1 then
    return 'over'
  end
  if start == 0 then
    for _, name in ipairs({'order', 'rows', 'left', 'counts'}) do
      redis.call('DEL', run_key(run, name))
    end
    for state in pairs(NEXT) do
      redis.call('DEL', run_key(run, 'in:' .. state))
    end
  end
  if redis.call('LLEN', run_key(run, 'order')) ~= start then
    return 'overtaken'
  end
  for position = 3, #args, 2 do
    local name = args[position]
    local stage = string.match(name, '^[^/]*')
    redis.call('RPUSH', run_key(run, 'order'), name)
    redis.call('HSET', run_key(run, 'rows'), name, args[position + 1])
    redis.call('ZADD', run_key(run, 'in:waiting'), start + (position - 3) / 2, name)
    redis.call('HINCRBY', run_key(run, 'left'), stage, 1)
    redis.call('HINCRBY', run_key(run, 'counts'), stage .. '/waiting', 1)
  end
  return 'written'
end)

-- Enter a unit that nobody asked for before, for a run. The number of this asking is larger than those of all before:
-- what is still on its way of those counts no more.
local function ask_for(key, run, message)
  redis.call('SADD', unit_key(key, 'runs'), run)
  if redis.call('HSETNX', unit_key(key), 'message', message) == 1 then
    local before = tonumber(redis.call('GET', unit_key(key, 'over')) or 0)
    redis.call('HSET', unit_key(key), 'asking', string.format('%.0f', math.max(milliseconds(), before + 1)))
  end
end

-- Give waiting rows of a run their units: product there -> cached; wanted by another run too -> joined; else backlog.
-- Arguments: run, time, then for each unit: row name, change of the row as JSON, message.
-- A change with state failed (rejected window, no inputs) ends its row at once and has an empty message.
-- Rows that are not waiting are left alone, so planning may be repeated. Returns how many went to the backlog.
register('enqueue', function(args)
  local run, at = args[1], args[2]
  if is_over(run) then
    return 0
  end
  local backlogged = 0
  for position = 3, #args, 3 do
    local name = args[position]
    local row = read_row(run, name)
    if row and row.state == 'waiting' then
      for field, value in pairs(cjson.decode(args[position + 1])) do
        row[field] = value
      end
      row.at = at
      local key = row.key
      if row.state == 'queued' then
        local entry = product(key)
        if entry then
          take_product(row, run, entry)
        else
          ask_for(key, run, args[position + 2])
          local known = redis.call('HMGET', unit_key(key), 'released', 'row')
          if not known[1] then
            redis.call('RPUSH', run_key(run, 'backlog'), key)
            backlogged = backlogged + 1
          elseif known[2] then
            row = cjson.decode(known[2])
          end
        end
      end
      write_row(run, name, row, 'waiting', FINAL[row.state])
    end
  end
  if backlogged > 0 then
    schedule_run(run)
  end
  return backlogged
end)

-- Note that a run is planned. Arguments: run. A run that executes already, or is over, stays as it is.
register('planned', function(args)
  local run = args[1]
  if redis.call('HGET', run_key(run), 'state') == 'PENDING' then
    redis.call('HDEL', run_key(run), 'note')
    set_run_state(run, 'QUEUED')
  end
  return 1
end)

-- End a run: write its outcome into its record and note the ends of its jobs.
-- Arguments: run, state, time, seconds that the records last, seconds that the stream of events lasts, then the fields
--   of the outcome, each a name and a text.
-- Returns how many jobs ended with it; 0 when it was over before.
register('finish', function(args)
  local run = args[1]
  if is_over(run) then
    return 0
  end
  redis.call('HSETNX', run_key(run), 'started', args[3])
  redis.call('HSET', run_key(run), 'finished', args[3], unpack(args, 6))
  redis.call('HDEL', run_key(run), 'note', 'waits')
  local jobs = redis.call('SMEMBERS', run_key(run, 'jobs'))
  for _, job in ipairs(jobs) do
    redis.call('EXPIRE', job_key(job), args[4])
    end_job(job, run, args[2], args[3])
  end
  close_run(run, args[2], args[4], args[5])
  return #jobs
end)
