-- Shares of users: what they spent today, and how much of a lane one of their units counts.

local function spent_record()
  return spent_key(math.floor(tonumber(redis.call('TIME')[1]) / 86400))
end

-- Container seconds of today.
local function spent_today(user)
  return tonumber(redis.call('HGET', spent_record(), user) or 0)
end

local function spend(user, seconds)
  redis.call('HINCRBYFLOAT', spent_record(), user, seconds)
  redis.call('EXPIRE', spent_record(), 2 * 86400)
end

local function over_budget(user)
  local budget = redis.call('HGET', BUDGETS, user) or redis.call('HGET', BUDGETS, EVERYBODY)
  return budget and spent_today(user) >= tonumber(budget)
end

-- What one unit counts in the share that a user has used of a lane.
local function share_of(user)
  local weight = redis.call('HGET', WEIGHTS, user) or redis.call('HGET', WEIGHTS, EVERYBODY)
  return 1 / math.max(tonumber(weight or 1), 0.001)
end

-- What a user has on the mesh. Arguments: user.
-- Returns {jobs that have not ended, their units that have not, container seconds today, jobs of all not planned yet}.
register('load', function(args)
  local user = args[1]
  local active = active_jobs_key(user)
  local jobs, units = 0, 0
  for _, job in ipairs(redis.call('SMEMBERS', active)) do
    local record = redis.call('HMGET', job_key(job), 'request_key', 'state', 'run_id', 'windows')
    local run = record[3]
    if not record[1] or record[2] or (run and is_over(run)) then
      -- Ended without a word: its record lapsed, or it was entered once more after its end.
      redis.call('SREM', active, job)
    else
      local left = run and redis.call('HVALS', run_key(run, 'left')) or {}
      jobs = jobs + 1
      if #left == 0 then
        units = units + tonumber(record[4] or 0)
      end
      for _, count in ipairs(left) do
        units = units + tonumber(count)
      end
    end
  end
  return {jobs, units, tostring(spent_today(user)), redis.call('ZCARD', NEW_JOBS)}
end)

-- Enter a user among those who asked for something within a day. Arguments: user, how many may share the mesh.
-- Returns 1, or 0 where there are so many others.
register('admit', function(args)
  local user, most = args[1], tonumber(args[2])
  local now = tonumber(redis.call('TIME')[1])
  redis.call('ZREMRANGEBYSCORE', USERS, '-inf', now - 86400)
  if not redis.call('ZSCORE', USERS, user) and redis.call('ZCARD', USERS) >= most then
    return 0
  end
  redis.call('ZADD', USERS, now, user)
  return 1
end)
