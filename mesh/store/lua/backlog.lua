-- Units on their way to a worker: the backlog, the windows of what is released, and what is looked after.

-- Give a run with unreleased units its turn among those of its user; a user who comes new starts with the smallest
-- share that anybody has used, neither favoured nor punished for the past.
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

local function schedule_run(run)
  local fields = redis.call('HMGET', run_key(run), 'instrument', 'lane', 'user')
  schedule(fields[1], fields[2], fields[3], run)
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

-- Forget a unit that ended or that nobody waits for.
local function forget_unit(key)
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
  redis.call('SET', unit_key(key, 'cancelled'), run, 'EX', seconds)
  local released = redis.call('HGET', unit_key(key), 'released')
  forget_unit(key)
  return released
end

-- The next unreleased unit of a user, or nothing; runs without any (released, cancelled) lose their turn.
local function next_unit(users, runs, user)
  while true do
    local run = redis.call('LPOP', runs)
    if not run then
      redis.call('ZREM', users, user)
      return nil
    end
    local key = redis.call('LPOP', run_key(run, 'backlog'))
    if key then
      redis.call('RPUSH', runs, run)
      local known = redis.call('HMGET', unit_key(key), 'message', 'released')
      if known[1] and not known[2] and not is_over(run) then
        return key, run, known[1]
      end
    end
  end
end

-- The user with the smallest share used so far whose window has room; users over their budget come last.
local function next_user(instrument, lane, most)
  local last
  for _, user in ipairs(redis.call('ZRANGE', backlog_key(instrument, lane), 0, -1)) do
    if redis.call('SCARD', window_key(instrument, lane, user)) < most then
      if not over_budget(user) then
        return user
      end
      last = last or user
    end
  end
  return last
end

-- Release units of a lane, at most *most*, and append them to *released*.
local function release_lane(released, instrument, lane, window_user, window_lane, most, watch)
  local users, window = backlog_key(instrument, lane), window_key(instrument, lane)
  local in_lane = redis.call('SCARD', window)
  while most > 0 and in_lane < window_lane do
    local user = next_user(instrument, lane, window_user)
    if not user then
      break
    end
    local key, run, message = next_unit(users, backlog_key(instrument, lane, user), user)
    if key and product(key) then
      most = most - 1
      released[#released + 1] = {lane, key, run, user, message, 1}
    elseif key then
      most = most - 1
      released[#released + 1] = {lane, key, run, user, message, 0}
      in_lane = in_lane + 1
      redis.call('HSET', unit_key(key), 'released', watch, 'instrument', instrument, 'lane', lane, 'user', user)
      redis.call('SADD', window, key)
      redis.call('SADD', window_key(instrument, lane, user), key)
      redis.call('ZADD', WATCHED_UNITS, watch, key)
      redis.call('ZINCRBY', users, share_of(user), user)
    end
  end
end

-- Release units from the backlog: the user with the smallest share used so far first, each within its window, the lane
-- within its own; a user's runs take turns. Users who have spent their budget of the day come last.
-- Arguments: instrument, window per user, window of a lane, most units to release from a lane, milliseconds until a
--   released unit is looked after if nothing is heard of it, then the lanes.
-- Returns for each unit {lane, key, run, user, message, 1 if its product is there already, so that it need not go}.
register('release', function(args)
  local released = {}
  local watch = milliseconds() + tonumber(args[5])
  for position = 6, #args do
    release_lane(released, args[1], args[position], tonumber(args[2]), tonumber(args[3]), tonumber(args[4]), watch)
  end
  return released
end)

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
