-- What stops work: the cancel of a job, the end of the rows of a run, and an image that runs no more.

-- End a job; the run goes on while other jobs wait for it.
-- Arguments: job, time, seconds that records last, seconds that the stream of events lasts, why where it was not the
--   caller's wish (empty: it was).
-- Returns {run or empty, what}: what is 'ended' (was over before), 'job' (only this job) or 'run'.
register('cancel', function(args)
  local job, record = args[1], job_key(args[1])
  local known = redis.call('HMGET', record, 'run_id', 'state', 'deleted')
  local run = known[1] or ''
  redis.call('ZREM', NEW_JOBS, job)
  if known[3] then
    return {run, 'ended'}
  elseif known[2] then
    -- Cancelled before; a run that nobody waits for may still have rows to end.
    local state = run ~= '' and redis.call('HGET', run_key(run), 'state')
    return {run, state == 'ABORTED' and 'run' or 'job'}
  end
  if run ~= '' and is_over(run) then
    return {run, 'ended'}
  end
  local reason = args[5] or ''
  redis.call('HSET', record, 'state', 'ABORTED', 'finished', args[2], 'end_reason', reason)
  redis.call('EXPIRE', record, args[3])
  end_job(job, run ~= '' and run or nil, 'ABORTED', args[2], reason)
  if run == '' then
    return {run, 'job'}
  end
  local before = callers_of(run)
  redis.call('SREM', run_key(run, 'jobs'), job)
  redis.call('HDEL', run_key(run, 'callers'), job)
  change_callers(run, before)
  if redis.call('SCARD', run_key(run, 'jobs')) > 0 then
    return {run, 'job'}
  end
  redis.call('HSET', run_key(run), 'finished', args[2])
  close_run(run, 'ABORTED', args[3], args[4])
  return {run, 'run'}
end)

-- End the rows of a run that was cancelled or refused, as far as they are not final, some at a time, and tell which
-- units must be stopped.
-- Arguments: run, time, most rows, seconds that the end of a unit is remembered, seconds that the records last, seconds
--   that the stream of events lasts.
-- Returns the keys of released units that nobody waits for any more, after the number of rows ended.
register('drop', function(args)
  local run, most = args[1], tonumber(args[3])
  local ended, keys = 0, {}
  for _, state in ipairs({'running', 'queued', 'waiting'}) do
    for _, name in ipairs(redis.call('ZRANGE', run_key(run, 'in:' .. state), 0, most - ended - 1)) do
      local row = read_row(run, name)
      local key = row.key
      row.state, row.at = 'cancelled', args[2]
      write_row(run, name, row, state, true)
      ended = ended + 1
      if key and key ~= '' and leave_unit(key, run, args[4]) then
        keys[#keys + 1] = key
      end
    end
    if ended >= most then
      break
    end
  end
  if OVER[redis.call('HGET', run_key(run), 'state')] then
    -- Lists that came into being just now lapse with the others.
    expire(run, args[5], args[6])
  end
  return {ended, unpack(keys)}
end)

-- Take rows of a run back to where they were before it was planned, some at a time, and tell which units must be
-- stopped: the image that they were planned for runs no more. Followers see rows that had ended wait again.
-- Once no row is left the plan is forgotten, and the run has the stages that it will have.
-- Arguments: run, time, most rows, seconds that the end of a unit is remembered, steps of the stages as JSON.
-- Returns the keys of released units that nobody waits for any more, after the number of rows taken back.
register('unplan', function(args)
  local run, most = args[1], tonumber(args[3])
  local back, keys = 0, {}
  if is_over(run) then
    return {0}
  end
  for state in pairs(NEXT) do
    if state ~= 'waiting' and back < most then
      for _, name in ipairs(redis.call('ZRANGE', run_key(run, 'in:' .. state), 0, most - back - 1)) do
        local row = read_row(run, name)
        if FINAL[state] then
          redis.call('HINCRBY', run_key(run, 'left'), row.stage, 1)
        elseif row.key and row.key ~= '' and leave_unit(row.key, run, args[4]) then
          keys[#keys + 1] = row.key
        end
        local anew = {key = '', stage = row.stage, label = row.label, state = 'waiting', at = args[2]}
        write_row(run, name, anew, state, FINAL[state])
        back = back + 1
      end
    end
  end
  if back == 0 then
    redis.call('DEL', run_key(run, 'backlog'))
    redis.call('HSET', run_key(run), 'steps', args[5])
    redis.call('HDEL', run_key(run), 'laid_out')
    for _, field in ipairs(redis.call('HKEYS', run_key(run))) do
      if string.sub(field, 1, 8) == 'planned:' then
        redis.call('HDEL', run_key(run), field)
      end
    end
  end
  return {back, unpack(keys)}
end)
