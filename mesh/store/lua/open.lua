-- Jobs come in: they are entered into the index, and get a run.

-- Enter a job into the index: it is listed, and waits to be planned unless it was. Doing it again changes nothing.
-- Arguments: job, request key, user, 'draft' if it waits for its owner, place in the listings, most jobs listed, then
--   the fields of its record, each a name and a text.
-- Returns an empty text, or why not: 'deleted', or 'other' where the id belongs to a job that asked for something else.
register('enter', function(args)
  local job, request, user = args[1], args[2], args[3]
  local record = job_key(job)
  local known = redis.call('HMGET', record, 'request_key', 'deleted', 'state', 'run_id')
  if known[2] then
    return 'deleted'
  elseif known[1] and known[1] ~= request then
    return 'other'
  end
  redis.call('HSET', record, unpack(args, 7))
  for _, listing in ipairs({ALL_JOBS, jobs_of_key(user)}) do
    redis.call('ZADD', listing, args[5], job)
    redis.call('ZREMRANGEBYRANK', listing, 0, -tonumber(args[6]) - 1)
  end
  if not known[3] and not (known[4] and redis.call('HEXISTS', run_key(known[4]), 'state') == 1) then
    if args[4] ~= 'draft' then
      redis.call('ZADD', NEW_JOBS, args[5], job)
    end
    redis.call('SADD', active_jobs_key(user), job)
  end
  return ''
end)

-- Let a job wait for a run, which from now on also moves at the pace of its user and in its lane.
local function join(run, job, lane, user)
  local before = callers_of(run)
  redis.call('HSET', job_key(job), 'run_id', run)
  redis.call('SADD', run_key(run, 'jobs'), job)
  redis.call('HSET', run_key(run, 'callers'), job, lane .. ' ' .. user)
  change_callers(run, before)
end

-- Whether a run is active and makes what a request asks for.
local function serves(run, request)
  return not is_over(run) and redis.call('HGET', run_key(run), 'request_key') == request
end

-- Find the active run of an analysis, or open one, for a job.
-- Arguments: job id, request key, instrument, product, lane, user, steps of the stages as JSON, time, id of the run
--   where that of the job is taken, place in the trace of the request.
-- Returns {run id, 1 if opened}; the run id is empty when the job was cancelled before, was deleted, or asks for
-- something else by now. A job that a run served to its end keeps that run, so that a message that comes twice changes
-- nothing.
register('open', function(args)
  local job, request, lane, user = args[1], args[2], args[5], args[6]
  local record = redis.call('HMGET', job_key(job), 'request_key', 'state', 'deleted', 'run_id')
  if record[2] or record[3] or (record[1] and record[1] ~= request) then
    return {'', 0}
  end
  redis.call('ZREM', NEW_JOBS, job)
  if record[4] and OVER[redis.call('HGET', run_key(record[4]), 'state')] then
    return {record[4], 0}
  end
  for _, run in ipairs({redis.call('GET', request_key(request)) or '', record[4] or '', job}) do
    if run ~= '' and serves(run, request) then
      redis.call('SET', request_key(request), run)
      join(run, job, lane, user)
      return {run, 0}
    end
  end
  local run = is_over(job) and job or args[9]
  -- What an earlier life of the server left of a run of this name.
  for _, name in ipairs({'jobs', 'callers', 'order', 'rows', 'counts', 'left', 'backlog', 'claim', 'given'}) do
    redis.call('DEL', run_key(run, name))
  end
  for state in pairs(NEXT) do
    redis.call('DEL', run_key(run, 'in:' .. state))
  end
  redis.call('DEL', run_key(run))
  redis.call('HSET', run_key(run), 'run_id', run, 'request_key', request, 'instrument', args[3], 'product', args[4],
    'lane', lane, 'user', user, 'steps', args[7], 'opened', args[8], 'traceparent', args[10])
  redis.call('SET', request_key(request), run)
  redis.call('SADD', ACTIVE_RUNS, run)
  join(run, job, lane, user)
  set_run_state(run, 'PENDING')
  return {run, 1}
end)
