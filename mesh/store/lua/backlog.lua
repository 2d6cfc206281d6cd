-- Units on their way to a worker: the backlog, the windows of what is released, and what is looked after.

-- Give a run with unreleased units its turn among those of a user; a user who comes new starts with the smallest share
-- that anybody has used, neither favoured nor punished for the past.
local function schedule(instrument, lane, user, run)
  local users, runs = backlog_key(instrument, lane), backlog_key(instrument, lane, user)
  if not redis.call('LPOS', runs, run) then
    redis.call('RPUSH', runs, run)
  end
  if not redis.call('ZSCORE', users, user) then
    local least = redis.call('ZRANGE', users, 0, 0, 'WITHSCORES')
    redis.call('ZADD', users, least[2] or 0, user)
  end
end

-- Who waits for a run: user -> the most urgent lane of their jobs, and the most urgent lane of all.
local function callers_of(run)
  local callers, most = {}, nil
  for _, text in ipairs(redis.call('HVALS', run_key(run, 'callers'))) do
    local lane, user = string.match(text, '^(%S+) (.*)$')
    if not callers[user] or URGENCY[lane] < URGENCY[callers[user]] then
      callers[user] = lane
    end
    if not most or URGENCY[lane] < URGENCY[most] then
      most = lane
    end
  end
  return callers, most
end

-- Give a run its turn among those of everybody who waits for it, each in the lane of their own.
local function schedule_run(run)
  local record = redis.call('HMGET', run_key(run), 'instrument', 'lane', 'user')
  local callers, most = callers_of(run)
  if not most then
    -- A version of the mesh opened it that did not note them.
    callers[record[3]] = record[2]
  end
  for user, lane in pairs(callers) do
    schedule(record[1], lane, user, run)
  end
end

-- Who waits for a run has changed: those who wait no more, or less urgently than before, give up its turn there; all
-- others bring it on, and it counts in the most urgent of their lanes.
local function change_callers(run, before)
  local instrument = redis.call('HGET', run_key(run), 'instrument')
  local callers, most = callers_of(run)
  for user, lane in pairs(before) do
    if callers[user] ~= lane then
      redis.call('LREM', backlog_key(instrument, lane, user), 0, run)
    end
  end
  if most then
    redis.call('HSET', run_key(run), 'lane', most)
  end
  if redis.call('EXISTS', run_key(run, 'backlog')) == 1 then
    schedule_run(run)
  end
end

-- The sets that a released unit can be in: window of its lane, window of its user, and those of its user that wait on
-- the retry ladder. Nothing when it is not released.
local function windows_of(key)
  local record = redis.call('HMGET', unit_key(key), 'instrument', 'lane', 'user')
  if record[2] then
    return window_key(record[1], record[2]), window_key(record[1], record[2], record[3]),
      retrying_key(record[1], record[2], record[3])
  end
end

-- Take a unit out of the windows that count it as released.
local function leave_window(key)
  local lane, user, retrying = windows_of(key)
  if lane then
    redis.call('SREM', lane, key)
    redis.call('SREM', user, key)
    redis.call('SREM', retrying, key)
  end
  redis.call('ZREM', WATCHED_UNITS, key)
end

-- A unit on the retry ladder keeps nobody from being released; only a user with *most* of them is held back by them,
-- so that an outage does not drive a whole backlog up the ladder.
local function step_aside(key, most)
  local lane, user, retrying = windows_of(key)
  if lane then
    redis.call('SREM', lane, key)
    if redis.call('SCARD', retrying) < most then
      redis.call('SADD', retrying, key)
      redis.call('SREM', user, key)
    end
  end
end

-- Forget a unit that ended or that nobody waits for. What is still on its way of this asking for it is over.
local function forget_unit(key, seconds)
  local asking = redis.call('HGET', unit_key(key), 'asking')
  if asking then
    redis.call('SET', unit_key(key, 'over'), asking, 'EX', seconds)
  end
  leave_window(key)
  redis.call('DEL', unit_key(key), unit_key(key, 'runs'))
end

-- Take a run off those that wait for a unit. Returns whether the unit was released and nobody waits for it any more:
-- whoever executes it then must stop.
local function leave_unit(key, run, seconds)
  redis.call('SREM', unit_key(key, 'runs'), run)
  if redis.call('SCARD', unit_key(key, 'runs')) > 0 then
    return false
  end
  local released = redis.call('HGET', unit_key(key), 'released')
  forget_unit(key, seconds)
  return released
end

-- Put released units that the broker refused back to the head of the backlog, as if they had not been released.
-- Arguments: for each unit its key and the run that it was released for, in the order of the release.
-- Returns how many.
register('put_back', function(args)
  local back = 0
  for position = #args - 1, 1, -2 do
    local key, run = args[position], args[position + 1]
    local record = redis.call('HMGET', unit_key(key), 'released', 'instrument', 'lane', 'user', 'row')
    -- One that a worker has told of is with the broker after all.
    if record[1] and not record[5] and not is_over(run) then
      leave_window(key)
      redis.call('HDEL', unit_key(key), 'released')
      redis.call('LPUSH', run_key(run, 'backlog'), key)
      schedule(record[2], record[3], record[4], run)
      schedule_run(run)
      redis.call('ZINCRBY', backlog_key(record[2], record[3]), -share_of(record[4]), record[4])
      back = back + 1
    end
  end
  return back
end)

-- Look after a released unit again later. Arguments: unit key, milliseconds from now, how often it was published again.
register('watch', function(args)
  if redis.call('EXISTS', unit_key(args[1])) == 1 then
    redis.call('ZADD', WATCHED_UNITS, 'XX', milliseconds() + tonumber(args[2]), args[1])
    redis.call('HSET', unit_key(args[1]), 'tries', args[3])
  end
  return 1
end)

-- Whether anybody still waits for what is on its way of a unit. Arguments: unit key, the asking that it belongs to; 0:
-- it does not say. A unit that the server knows nothing of is wanted: forgetting must not cancel.
register('unit_wanted', function(args)
  local key, asking = args[1], tonumber(args[2])
  local over = redis.call('GET', unit_key(key, 'over'))
  if not over or asking > tonumber(over) then
    return 1
  end
  return asking == 0 and redis.call('EXISTS', unit_key(key)) or 0
end)
