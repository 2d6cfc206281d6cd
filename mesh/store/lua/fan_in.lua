-- Apply one event of a unit to every run that waits for it.
-- ARGV: unit key, change of the row as JSON, milliseconds until the unit is looked after if nothing more is heard,
--       claimant, lease of a claim in milliseconds, units of a user on the retry ladder that do not hold it back.
-- Duplicated, late and reordered events change nothing: a final row never moves, and before that a later attempt beats
-- an earlier one, a later state beats an earlier one, and within a state the later time wins.
-- Returns for each run that changed: {run, its state, 1 if the caller has the claim on the next stage}.
local key, change = ARGV[1], cjson.decode(ARGV[2])
local name = change.stage .. '/' .. change.label
local final = FINAL[change.state]
-- The run that had the unit released; it is no field of a row.
local maker = change.run_id
change.run_id = nil

local function is_news(row)
  if FINAL[row.state] then
    return false
  end
  if final then
    return true
  end
  local attempt = row.attempt or 1
  if change.attempt < attempt then
    return false
  end
  if change.state == row.state then
    return change.attempt > attempt or change.at > (row.at or '')
  end
  if change.attempt == attempt and row.state == 'running' then
    return false
  end
  return NEXT[row.state][change.state]
end

local function apply(run)
  local text = redis.call('HGET', part(run, 'rows'), name)
  local row = text and cjson.decode(text)
  if not row or not is_news(row) then
    return nil
  end
  local before = row.state
  -- "It runs" can overtake the first step of the same attempt, and must not wipe it out.
  local same_try = before == 'running' and change.attempt == (row.attempt or 1)
  local step = change.step or (same_try and row.step) or nil
  for field, value in pairs(change) do
    row[field] = value
  end
  row.failure = change.failure
  if change.state == 'running' then
    row.step = step
  elseif change.state == 'cached' then
    local entry = product(key)
    if entry then
      take_product(row, run, entry)
    end
  elseif change.state == 'done' and maker and maker ~= run then
    row.cached_from = maker
  end
  local left = write_row(run, name, row, before, true)
  local state = redis.call('HGET', 'run:' .. run, 'state')
  -- A unit that took but a moment tells only its end.
  if (change.state == 'running' or change.state == 'done') and state ~= 'EXECUTING' then
    state = 'EXECUTING'
    redis.call('HSET', 'run:' .. run, 'started', change.at)
    set_run_state(run, state)
  end
  local claimed = 0
  if final and left == 0 and redis.call('SET', part(run, 'claim'), ARGV[4], 'NX', 'PX', ARGV[5]) then
    claimed = 1
  end
  return {run, state, claimed}
end

local changed, live = {}, {}
for _, run in ipairs(redis.call('SMEMBERS', unit(key, 'runs'))) do
  if not is_over(run) then
    live[#live + 1] = run
  end
end

if change.state == 'cancelled' and #live > 0 then
  -- Stopped for a run that was cancelled, but wanted again meanwhile: back to the backlog.
  leave_window(key)
  redis.call('HDEL', unit(key), 'released', 'row')
  for _, run in ipairs(live) do
    local row = cjson.decode(redis.call('HGET', part(run, 'rows'), name))
    if not FINAL[row.state] then
      local before = row.state
      row.state, row.step, row.at = 'queued', nil, change.at
      write_row(run, name, row, before, true)
      changed[#changed + 1] = {run, redis.call('HGET', 'run:' .. run, 'state'), 0}
      redis.call('RPUSH', part(run, 'backlog'), key)
      local fields = redis.call('HMGET', 'run:' .. run, 'instrument', 'lane', 'user')
      schedule(fields[1], fields[2], fields[3], run)
    end
  end
  return changed
end

for _, run in ipairs(live) do
  changed[#changed + 1] = apply(run)
end
-- A unit on the retry ladder keeps nobody from being released; only a user with many of them is held back by them,
-- so that an outage does not drive a whole backlog up the ladder.
local function step_aside()
  local lane, user, retrying = windows_of(key)
  if lane then
    redis.call('SREM', lane, key)
    if redis.call('SCARD', retrying) < tonumber(ARGV[6]) then
      redis.call('SADD', retrying, key)
      redis.call('SREM', user, key)
    end
  end
end

if final then
  local user = redis.call('HGET', unit(key), 'user')
  if user and change.seconds then
    redis.call('HINCRBYFLOAT', spent_record(), user, change.seconds)
    redis.call('EXPIRE', spent_record(), 2 * 86400)
  end
  forget_unit(key)
elseif #changed > 0 then
  if change.state == 'queued' then
    step_aside()
  end
  redis.call('HSET', unit(key), 'row', redis.call('HGET', part(changed[1][1], 'rows'), name))
  redis.call('ZADD', 'units:watched', 'XX', milliseconds() + tonumber(ARGV[3]), key)
end
return changed
