-- Rows of a run and the state of a run: what every function that moves them shares.
-- FINAL, OVER, NEXT and URGENCY are generated, see mesh/store/library.py. Rows hold no empty lists and no nulls, because Lua cannot
-- tell an empty list from an empty object.

local function milliseconds()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

-- Whether a run takes no more changes: it ended, or it is unknown.
local function is_over(run)
  local state = redis.call('HGET', run_key(run), 'state')
  return not state or OVER[state]
end

local function tell(run, ...)
  redis.call('XADD', run_key(run, 'events'), 'MAXLEN', '~', 20000, '*', ...)
end

local function set_run_state(run, state)
  redis.call('HSET', run_key(run), 'state', state)
  tell(run, 'type', 'run', 'state', state)
end

local function read_row(run, name)
  local text = redis.call('HGET', run_key(run, 'rows'), name)
  return text and cjson.decode(text)
end

-- Write a changed row; counters, listings and (if told) followers see it. Returns how many rows of its stage are left.
local function write_row(run, name, row, before, told)
  local text = cjson.encode(row)
  redis.call('HSET', run_key(run, 'rows'), name, text)
  if row.state ~= before then
    local counts = run_key(run, 'counts')
    redis.call('HINCRBY', counts, row.stage .. '/' .. before, -1)
    redis.call('HINCRBY', counts, row.stage .. '/' .. row.state, 1)
    local place = redis.call('ZSCORE', run_key(run, 'in:' .. before), name)
    redis.call('ZREM', run_key(run, 'in:' .. before), name)
    redis.call('ZADD', run_key(run, 'in:' .. row.state), place or 0, name)
    if FINAL[row.state] then
      redis.call('HINCRBY', run_key(run, 'left'), row.stage, -1)
    end
  end
  if told then
    tell(run, 'type', 'unit', 'row', text)
  end
  return tonumber(redis.call('HGET', run_key(run, 'left'), row.stage) or 0)
end

-- A job has ended: it burdens its user no more, and the end is kept until its document is known to be written.
local function end_job(job, run, state, finished, reason)
  local user = redis.call('HGET', job_key(job), 'user')
  if user then
    redis.call('SREM', active_jobs_key(user), job)
  end
  redis.call('HSET', ENDING_JOBS, job, cjson.encode({run_id = run, state = state, finished = finished, reason = reason}))
end

-- Let the records of a run that is over lapse: its documents stay.
local function expire(run, seconds, seconds_of_events)
  redis.call('DEL', run_key(run, 'backlog'), run_key(run, 'claim'), run_key(run, 'given'), run_key(run, 'callers'),
    run_key(run, 'deaths'))
  redis.call('EXPIRE', run_key(run), seconds)
  for _, name in ipairs({'jobs', 'order', 'rows', 'counts', 'left'}) do
    redis.call('EXPIRE', run_key(run, name), seconds)
  end
  for state in pairs(NEXT) do
    redis.call('EXPIRE', run_key(run, 'in:' .. state), seconds)
  end
  redis.call('EXPIRE', run_key(run, 'events'), seconds_of_events)
end

-- End a run: nobody joins it any more, and nobody looks after it.
local function close_run(run, state, seconds, seconds_of_events)
  local request = request_key(redis.call('HGET', run_key(run), 'request_key'))
  if redis.call('GET', request) == run then
    redis.call('DEL', request)
  end
  redis.call('SREM', ACTIVE_RUNS, run)
  set_run_state(run, state)
  expire(run, seconds, seconds_of_events)
end
