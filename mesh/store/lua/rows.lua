-- Shared by the scripts that move rows of a run. FINAL, OVER and NEXT are generated from mesh/states.py.
-- Names of keys are built here: the mesh uses one Redis server, not a cluster (see mesh/store/names.py).
-- Rows hold no empty lists and no nulls, because Lua cannot tell an empty list from an empty object.

local function part(run, name)
  return 'run:' .. run .. ':' .. name
end

local function unit(key, name)
  return name and 'unit:' .. key .. ':' .. name or 'unit:' .. key
end

local function milliseconds()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

-- What users spent today, in container seconds.
local function spent_record()
  return 'mesh:spent:' .. math.floor(tonumber(redis.call('TIME')[1]) / 86400)
end

local function spent_today(user)
  return tonumber(redis.call('HGET', spent_record(), user) or 0)
end

-- Whether a run takes no more changes: it ended, or it is unknown.
local function is_over(run)
  local state = redis.call('HGET', 'run:' .. run, 'state')
  return not state or OVER[state]
end

-- A job that has ended burdens its user no more.
local function end_job(job)
  local user = redis.call('HGET', 'job:' .. job, 'user')
  if user then
    redis.call('SREM', 'jobs:active:' .. user, job)
  end
end

local function tell(run, ...)
  redis.call('XADD', part(run, 'events'), 'MAXLEN', '~', 20000, '*', ...)
end

local function set_run_state(run, state)
  redis.call('HSET', 'run:' .. run, 'state', state)
  tell(run, 'type', 'run', 'state', state)
end

-- Write a changed row; counters, listings and (if told) followers see it. Returns how many rows of its stage are left.
local function write_row(run, name, row, before, told)
  local text = cjson.encode(row)
  redis.call('HSET', part(run, 'rows'), name, text)
  if row.state ~= before then
    local counts = part(run, 'counts')
    redis.call('HINCRBY', counts, row.stage .. '/' .. before, -1)
    redis.call('HINCRBY', counts, row.stage .. '/' .. row.state, 1)
    local place = redis.call('ZSCORE', part(run, 'in:' .. before), name)
    redis.call('ZREM', part(run, 'in:' .. before), name)
    redis.call('ZADD', part(run, 'in:' .. row.state), place or 0, name)
    if FINAL[row.state] then
      redis.call('HINCRBY', part(run, 'left'), row.stage, -1)
    end
  end
  if told then
    tell(run, 'type', 'unit', 'row', text)
  end
  return tonumber(redis.call('HGET', part(run, 'left'), row.stage) or 0)
end

-- Give a run with unreleased units its turn among those of its user; a user who comes new starts with the smallest
-- share that anybody has used, neither favoured nor punished for the past.
local function schedule(instrument, lane, user, run)
  local users = 'backlog:' .. instrument .. ':' .. lane
  local runs = users .. ':' .. user
  if not redis.call('LPOS', runs, run) then
    redis.call('RPUSH', runs, run)
  end
  if not redis.call('ZSCORE', users, user) then
    local least = redis.call('ZRANGE', users, 0, 0, 'WITHSCORES')
    redis.call('ZADD', users, least[2] or 0, user)
  end
end

-- What one unit counts in the share that a user has used of a lane.
local function share_of(user)
  local weight = redis.call('HGET', 'mesh:weights', user) or redis.call('HGET', 'mesh:weights', '*')
  return 1 / math.max(tonumber(weight or 1), 0.001)
end

-- The sets that a released unit can be in: window of its lane, window of its user, and those of its user that wait on
-- the retry ladder. Nothing when it is not released.
local function windows_of(key)
  local record = redis.call('HMGET', unit(key), 'instrument', 'lane', 'user')
  if record[2] then
    local lane = record[1] .. ':' .. record[2]
    return 'window:' .. lane, 'window:' .. lane .. ':' .. record[3], 'units:retrying:' .. lane .. ':' .. record[3]
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
  redis.call('ZREM', 'units:watched', key)
end

-- Forget a unit that ended or that nobody waits for.
local function forget_unit(key)
  leave_window(key)
  redis.call('DEL', unit(key), unit(key, 'runs'))
end

-- Take a run off those that wait for a unit. Returns whether the unit was released and nobody waits for it any more:
-- whoever executes it then must stop.
local function leave_unit(key, run, seconds)
  redis.call('SREM', unit(key, 'runs'), run)
  if redis.call('SCARD', unit(key, 'runs')) > 0 then
    return false
  end
  redis.call('SET', unit(key, 'cancelled'), run, 'EX', seconds)
  local released = redis.call('HGET', unit(key), 'released')
  forget_unit(key)
  return released
end

-- The short form of a product's manifest; nothing when there is no such product.
local function product(key)
  local text = redis.call('GET', 'product:' .. key)
  return text and cjson.decode(text)
end

-- Count the files of a product in or out of a stock.
local function count(stock, entry, sign)
  local bytes, name = 0, entry.instrument .. '/' .. entry.stage
  for _, file in ipairs(entry.files) do
    bytes = bytes + file.size
  end
  redis.call('HINCRBY', stock, name .. '/products', sign)
  redis.call('HINCRBY', stock, name .. '/bytes', string.format('%.0f', sign * bytes))
end

-- Take a product out of the index.
local function forget_product(key, entry)
  redis.call('DEL', 'product:' .. key)
  if redis.call('ZREM', 'mesh:products-used', key) == 1 then
    count('mesh:stock', entry, -1)
    redis.call('HINCRBY', 'mesh:images', entry.image or '', -1)
  end
end

-- Make a row that of a product that is there. Whoever made it for this run did the work; else it is cached.
local function take_product(row, run, entry)
  redis.call('ZADD', 'mesh:products-used', 'XX', 'GT', milliseconds() / 1000, entry.key)
  if #entry.warnings > 0 then
    row.warnings = entry.warnings
  end
  if entry.run_id == run then
    row.state, row.seconds = 'done', entry.seconds
  else
    row.state, row.cached_from = 'cached', entry.run_id
    redis.call('HINCRBY', 'mesh:hits', entry.instrument .. '/' .. row.stage, 1)
  end
end

-- Let the records of a run that is over lapse: its documents stay.
local function expire(run, seconds, seconds_of_events)
  redis.call('EXPIRE', 'run:' .. run, seconds)
  for _, name in ipairs({'jobs', 'order', 'rows', 'counts', 'left'}) do
    redis.call('EXPIRE', part(run, name), seconds)
  end
  for state in pairs(NEXT) do
    redis.call('EXPIRE', part(run, 'in:' .. state), seconds)
  end
  redis.call('EXPIRE', part(run, 'events'), seconds_of_events)
end

