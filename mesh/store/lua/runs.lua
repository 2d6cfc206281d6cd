-- Runs from their opening to their outcome, but for what units tell of themselves and for what stops a run.

-- Find the active run of an analysis, or open one, for a job.
-- Arguments: job id, request key, instrument, product, lane, user, steps of the stages as JSON, time.
-- Returns {run id, 1 if opened}; the run id is empty when the job was cancelled before. A job that a run served to
-- its end keeps that run, so that a message that comes twice changes nothing.
register('open', function(args)
  local job, request, instrument, lane, user = args[1], args[2], args[3], args[5], args[6]
  local record = job_key(job)
  redis.call('ZREM', NEW_JOBS, job)
  if redis.call('HGET', record, 'state') then
    return {'', 0}
  end
  local run = redis.call('HGET', record, 'run_id')
  if run and OVER[redis.call('HGET', run_key(run), 'state')] then
    return {run, 0}
  end
  run = redis.call('GET', request_key(request))
  if run and not is_over(run) then
    redis.call('SADD', run_key(run, 'jobs'), job)
    redis.call('HSET', record, 'run_id', run)
    -- The run now also moves on at the pace of this user and in this lane.
    if redis.call('EXISTS', run_key(run, 'backlog')) == 1 then
      schedule(instrument, lane, user, run)
    end
    return {run, 0}
  end
  -- What an earlier life of the server left of a run of this name.
  for _, name in ipairs({'jobs', 'order', 'rows', 'counts', 'left', 'backlog', 'claim'}) do
    redis.call('DEL', run_key(job, name))
  end
  for state in pairs(NEXT) do
    redis.call('DEL', run_key(job, 'in:' .. state))
  end
  redis.call('DEL', run_key(job))
  redis.call('HSET', run_key(job), 'run_id', job, 'request_key', request, 'instrument', instrument, 'product', args[4],
    'lane', lane, 'user', user, 'steps', args[7], 'opened', args[8])
  redis.call('SADD', run_key(job, 'jobs'), job)
  redis.call('HSET', record, 'run_id', job)
  redis.call('SET', request_key(request), job)
  redis.call('SADD', ACTIVE_RUNS, job)
  set_run_state(job, 'PENDING')
  return {job, 1}
end)

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
        redis.call('DEL', unit_key(key, 'cancelled'))
        local entry = product(key)
        if entry then
          take_product(row, run, entry)
        else
          redis.call('SADD', unit_key(key, 'runs'), run)
          redis.call('HSETNX', unit_key(key), 'message', args[position + 2])
          local known = redis.call('HMGET', unit_key(key), 'released', 'row')
          if not known[1] then
            redis.call('RPUSH', run_key(run, 'backlog'), key)
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

-- Write the outcome of a run into its record.
-- Arguments: run, state, time, seconds that the records last, seconds that the stream of events lasts, then the fields
--   of the outcome, each a name and a text.
-- Returns the jobs that waited for it; nothing when it was over before.
register('finish', function(args)
  local run, request = args[1], redis.call('HGET', run_key(args[1]), 'request_key')
  if is_over(run) then
    return {}
  end
  redis.call('HSETNX', run_key(run), 'started', args[3])
  redis.call('HSET', run_key(run), 'finished', args[3], unpack(args, 6))
  redis.call('HDEL', run_key(run), 'note')
  if redis.call('GET', request_key(request)) == run then
    redis.call('DEL', request_key(request))
  end
  redis.call('SREM', ACTIVE_RUNS, run)
  set_run_state(run, args[2])
  redis.call('DEL', run_key(run, 'backlog'), run_key(run, 'claim'))
  expire(run, args[4], args[5])
  local jobs = redis.call('SMEMBERS', run_key(run, 'jobs'))
  for _, job in ipairs(jobs) do
    redis.call('EXPIRE', job_key(job), args[4])
    end_job(job)
  end
  return jobs
end)
