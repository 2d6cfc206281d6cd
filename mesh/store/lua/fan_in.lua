-- Fan-in: what is told of a unit, applied to every run that waits for it.

-- Whether a change says anything new of a row: a final row never moves, and before that a later attempt beats an
-- earlier one, a later state beats an earlier one, and within a state the later time wins.
local function is_news(change, row)
  if FINAL[row.state] then
    return false
  end
  if FINAL[change.state] then
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

-- Apply a change to the row of one run. *maker* is the run that had the unit released. Returns {run, its state, 1 if
-- the caller got the claim on the next stage}, or nothing if it was no news.
local function apply(change, run, name, maker, claimant, lease)
  local row = read_row(run, name)
  if not row or row.key ~= change.key or not is_news(change, row) then
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
    local entry = product(change.key)
    if entry then
      take_product(row, run, entry)
    end
  elseif change.state == 'done' and maker and maker ~= run then
    row.cached_from = maker
  end
  local left = write_row(run, name, row, before, true)
  local state = redis.call('HGET', run_key(run), 'state')
  -- A unit that took but a moment tells only its end.
  if (change.state == 'running' or change.state == 'done') and state ~= 'EXECUTING' then
    state = 'EXECUTING'
    redis.call('HSET', run_key(run), 'started', change.at)
    set_run_state(run, state)
  end
  local claimed = 0
  if FINAL[change.state] and left == 0 and redis.call('SET', run_key(run, 'claim'), claimant, 'NX', 'PX', lease) then
    claimed = 1
  end
  return {run, state, claimed}
end

-- The runs that wait for a unit and are not over.
local function waiting_runs(key)
  local live = {}
  for _, run in ipairs(redis.call('SMEMBERS', unit_key(key, 'runs'))) do
    if not is_over(run) then
      live[#live + 1] = run
    end
  end
  return live
end

-- A unit was stopped for a run that was cancelled, but others want it meanwhile: back to the backlog.
local function make_again(change, runs, name)
  local changed = {}
  leave_window(change.key)
  redis.call('HDEL', unit_key(change.key), 'released', 'row')
  for _, run in ipairs(runs) do
    local row = read_row(run, name)
    if row and row.key == change.key and not FINAL[row.state] then
      local before = row.state
      row.state, row.step, row.at = 'queued', nil, change.at
      write_row(run, name, row, before, true)
      changed[#changed + 1] = {run, redis.call('HGET', run_key(run), 'state'), 0}
      redis.call('RPUSH', run_key(run, 'backlog'), change.key)
      schedule_run(run)
    end
  end
  return changed
end

-- A unit that was to be released has its product already: its rows end where they are, in the same step, so that
-- nobody can lose it on the way.
local function settle_made(changed, key, message, limits)
  local unit = cjson.decode(message)
  local change = {key = key, stage = unit.stage, label = unit.label, state = 'cached', attempt = 1, at = limits.at}
  for _, run in ipairs(waiting_runs(key)) do
    changed[#changed + 1] = apply(change, run, unit.stage .. '/' .. unit.label, nil, limits.token, limits.lease)
  end
  forget_unit(key, limits.over)
end

-- Count a product that had to be made, once for all runs that waited for it, and whose container seconds it took.
local function count_made(change, run)
  redis.call('HINCRBY', MADE, redis.call('HGET', run_key(run), 'instrument') .. '/' .. change.stage, 1)
  local user = redis.call('HGET', unit_key(change.key), 'user')
  if user and change.seconds then
    spend(user, change.seconds)
  end
end

-- Apply one event of a unit to every run that waits for it; duplicated, late and reordered events change nothing. What
-- an earlier asking for the unit tells counts only if it brought a product: that is there for everybody.
-- Arguments: unit key, change of the row as JSON, milliseconds until the unit is looked after if nothing more is heard,
--   claimant, lease of a claim in milliseconds, units of a user on the retry ladder that do not hold it back, seconds
--   that the end of the unit is remembered.
-- Returns for each run that changed: {run, its state, 1 if the caller has the claim on the next stage}.
register('apply', function(args)
  local key, change = args[1], cjson.decode(args[2])
  local name = change.stage .. '/' .. change.label
  -- The run that had the unit released, and for which asking: neither is a field of a row.
  local maker, asking = change.run_id, change.asking
  change.run_id, change.asking = nil, nil
  local known = redis.call('HGET', unit_key(key), 'asking')
  if asking and known and asking ~= tonumber(known) and change.state ~= 'done' and change.state ~= 'cached' then
    return {}
  end
  local changed, live = {}, waiting_runs(key)
  if change.state == 'cancelled' and #live > 0 then
    return make_again(change, live, name)
  end
  for _, run in ipairs(live) do
    changed[#changed + 1] = apply(change, run, name, maker, args[4], args[5])
  end
  if FINAL[change.state] then
    if change.state == 'done' and #changed > 0 then
      count_made(change, changed[1][1])
    end
    forget_unit(key, args[7])
  elseif #changed > 0 then
    if change.state == 'queued' then
      step_aside(key, tonumber(args[6]))
    end
    redis.call('HSET', unit_key(key), 'row', redis.call('HGET', run_key(changed[1][1], 'rows'), name))
    redis.call('ZADD', WATCHED_UNITS, 'XX', milliseconds() + tonumber(args[3]), key)
  end
  return changed
end)
