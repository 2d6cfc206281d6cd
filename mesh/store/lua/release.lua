-- Release units of one lane from the backlog: the user with the smallest share used so far first, each within its
-- window, the lane within its own; a user's runs take turns. Users who have spent their budget of the day come last.
-- ARGV: instrument, lane, window per user, window of the lane, most units to release, milliseconds until a released
--       unit is looked after if nothing is heard of it.
-- Returns for each unit {key, run, user, message, 1 if its product is there already, so that it need not go}.
local instrument, lane, window_user, window_lane = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local users = 'backlog:' .. instrument .. ':' .. lane
local window = 'window:' .. instrument .. ':' .. lane
local watch = milliseconds() + tonumber(ARGV[6])

-- The next unreleased unit of a user, or nothing; runs without any (released, cancelled) lose their turn.
local function next_unit(user)
  local runs = users .. ':' .. user
  while true do
    local run = redis.call('LPOP', runs)
    if not run then
      redis.call('ZREM', users, user)
      return nil
    end
    local key = redis.call('LPOP', part(run, 'backlog'))
    if key then
      redis.call('RPUSH', runs, run)
      local known = redis.call('HMGET', unit(key), 'message', 'released')
      if known[1] and not known[2] and not is_over(run) then
        return key, run, known[1]
      end
    end
  end
end

local function over_budget(user)
  local budget = redis.call('HGET', 'mesh:budgets', user) or redis.call('HGET', 'mesh:budgets', '*')
  return budget and spent_today(user) >= tonumber(budget)
end

local function next_user()
  local last
  for _, user in ipairs(redis.call('ZRANGE', users, 0, -1)) do
    if redis.call('SCARD', window .. ':' .. user) < window_user then
      if not over_budget(user) then
        return user
      end
      last = last or user
    end
  end
  return last
end

local released, in_lane = {}, redis.call('SCARD', window)
while #released < tonumber(ARGV[5]) and in_lane < window_lane do
  local user = next_user()
  if not user then
    break
  end
  local key, run, message = next_unit(user)
  if key and product(key) then
    released[#released + 1] = {key, run, user, message, 1}
  elseif key then
    released[#released + 1] = {key, run, user, message, 0}
    in_lane = in_lane + 1
    redis.call('HSET', unit(key), 'released', watch, 'instrument', instrument, 'lane', lane, 'user', user)
    redis.call('SADD', window, key)
    redis.call('SADD', window .. ':' .. user, key)
    redis.call('ZADD', 'units:watched', watch, key)
    redis.call('ZINCRBY', users, share_of(user), user)
  end
end
return released
