-- The release: which units go to the broker next.

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
      local known = redis.call('HMGET', unit_key(key), 'message', 'released', 'asking')
      if known[1] and not known[2] and not is_over(run) then
        return key, run, known[1], known[3]
      end
    end
  end
end

-- The users whose windows have room, the smallest share used so far first: *most* within their budget, as many beyond
-- it, and whether there may be more. Only those are looked at who come before them, not everybody with a backlog.
local function eligible(instrument, lane, window_user, most)
  local within, over, start = {}, {}, 0
  while #within < most do
    local page = redis.call('ZRANGE', backlog_key(instrument, lane), start, start + 99, 'WITHSCORES')
    if #page == 0 then
      return within, over, false
    end
    for position = 1, #page, 2 do
      if #within == most then
        break
      end
      local user = page[position]
      local room = window_user - redis.call('SCARD', window_key(instrument, lane, user))
      if room > 0 then
        local entry = {user = user, share = tonumber(page[position + 1]), room = room}
        if not over_budget(user) then
          within[#within + 1] = entry
        elseif #over < most then
          over[#over + 1] = entry
        end
      end
    end
    start = start + 100
  end
  return within, over, true
end

-- Take the user with the smallest share; equal ones in the order of their names, as the server sorts them.
local function smallest(users)
  local best
  for position, entry in ipairs(users) do
    local known = best and users[best]
    if not known or entry.share < known.share or (entry.share == known.share and entry.user < known.user) then
      best = position
    end
  end
  return best
end

local function mark_released(key, instrument, lane, user, watch)
  redis.call('HSET', unit_key(key), 'released', watch, 'instrument', instrument, 'lane', lane, 'user', user)
  redis.call('SADD', window_key(instrument, lane), key)
  redis.call('SADD', window_key(instrument, lane, user), key)
  redis.call('ZADD', WATCHED_UNITS, watch, key)
end

-- Release units of a lane, at most *most*, into *released*; those whose products are there end at once.
local function release_lane(released, changed, instrument, lane, limits)
  local users = backlog_key(instrument, lane)
  local room = limits.window_lane - redis.call('SCARD', window_key(instrument, lane))
  local left = limits.most
  if room <= 0 then
    return
  end
  local within, over, more = {}, {}, true
  while left > 0 and room > 0 do
    if #within == 0 and more then
      within, over, more = eligible(instrument, lane, limits.window_user, math.min(left, room))
    end
    local from = #within > 0 and within or over
    local place = smallest(from)
    if not place then
      break
    end
    local entry = from[place]
    local key, run, message, asking = next_unit(users, backlog_key(instrument, lane, entry.user), entry.user)
    if not key then
      table.remove(from, place)
    elseif product(key) then
      left = left - 1
      settle_made(changed, key, message, limits)
    else
      left, room, entry.room = left - 1, room - 1, entry.room - 1
      local share = share_of(entry.user)
      entry.share = entry.share + share
      redis.call('ZINCRBY', users, share, entry.user)
      mark_released(key, instrument, lane, entry.user, limits.watch)
      released[#released + 1] = {lane, key, run, entry.user, message, asking or '0'}
      if entry.room == 0 then
        table.remove(from, place)
      end
    end
  end
  return left == 0
end

-- Release units from the backlog: the user with the smallest share used so far first, each within its window, the lane
-- within its own; a user's runs take turns. Users who have spent their budget of the day come last.
-- Arguments: instrument, window per user, window of a lane, most units to release from a lane, milliseconds until a
--   released unit is looked after if nothing is heard of it, time, token of a claim, its lease in milliseconds, seconds
--   that the end of a unit is remembered, then the lanes.
-- Returns {units to publish, each {lane, key, run, user, message, asking}; runs that changed because the product of a
--   unit was there already, as `apply` returns them; 1 if a lane may have more}.
register('release', function(args)
  local released, changed, more = {}, {}, 0
  local limits = {
    window_user = tonumber(args[2]), window_lane = tonumber(args[3]), most = tonumber(args[4]),
    watch = milliseconds() + tonumber(args[5]), at = args[6], token = args[7], lease = args[8], over = args[9],
  }
  for position = 10, #args do
    if release_lane(released, changed, args[1], args[position], limits) then
      more = 1
    end
  end
  return {released, changed, more}
end)
