-- Leases: who executes a unit, and who takes a run on.

-- Take or keep a lease. Arguments: unit key, owner, milliseconds. Returns 1 when the owner has it, else 0.
register('take_lease', function(args)
  local lease, owner = lease_key(args[1]), args[2]
  local holder = redis.call('GET', lease)
  if holder and holder ~= owner then
    return 0
  end
  redis.call('SET', lease, owner, 'PX', args[3])
  return 1
end)

local function give_back(lease, owner)
  if redis.call('GET', lease) == owner then
    return redis.call('DEL', lease)
  end
  return 0
end

-- Give a lease back unless it is another's. Arguments: unit key, owner.
register('drop_lease', function(args)
  return give_back(lease_key(args[1]), args[2])
end)

-- Keep the claim on a run. Arguments: run, token, milliseconds. Returns 1, or 0 where it lapsed or is another's.
register('keep_claim', function(args)
  local claim = run_key(args[1], 'claim')
  if redis.call('GET', claim) ~= args[2] then
    return 0
  end
  return redis.call('PEXPIRE', claim, args[3])
end)

-- Give the claim on a run back unless it is another's; the claimant lives, so that deaths before it count no more.
-- Arguments: run, token.
register('drop_claim', function(args)
  local dropped = give_back(run_key(args[1], 'claim'), args[2])
  if dropped == 1 then
    redis.call('DEL', run_key(args[1], 'deaths'))
  end
  return dropped
end)

-- Free a unit whose owner died. Arguments: unit key, owner, seconds that the count of deaths lasts.
-- Of several who see the same death one counts it; that of an owner who was leaving anyway does not count.
register('bury', function(args)
  local lease, owner, deaths = lease_key(args[1]), args[2], unit_key(args[1], 'deaths')
  if redis.call('GET', lease) == owner then
    redis.call('DEL', lease)
    if redis.call('EXISTS', leaving_key(owner)) == 0 then
      redis.call('INCR', deaths)
      redis.call('EXPIRE', deaths, args[3])
    end
  end
  return 1
end)
