-- Take a product out of the index so that its files can be removed, unless something speaks against it.
-- From here on plans make it again; the lease keeps them from doing so before the files are gone.
-- ARGV: key, owner of the lease, milliseconds of the lease.
-- Returns an empty text, or why not: unknown (the index is not complete), absent, pinned, needed (a run that is not
-- over has it or waits for it) or busy (somebody makes or removes it now).
local key = ARGV[1]
if redis.call('EXISTS', 'mesh:pins-indexed', 'mesh:products-indexed', 'mesh:generation') < 3 then
  return 'unknown'
end
local entry = product(key)
if not entry then
  return 'absent'
end
if redis.call('SISMEMBER', 'mesh:pinned', key) == 1 then
  return 'pinned'
end
for _, run in ipairs(redis.call('SMEMBERS', unit(key, 'runs'))) do
  if not is_over(run) then
    return 'needed'
  end
end
local name = entry.stage .. '/' .. entry.label
for _, run in ipairs(redis.call('SMEMBERS', 'runs')) do
  local row = redis.call('HGET', part(run, 'rows'), name)
  if row and cjson.decode(row).key == key then
    return 'needed'
  end
end
if not redis.call('SET', 'lease:' .. key, ARGV[2], 'NX', 'PX', ARGV[3]) then
  return 'busy'
end
redis.call('SADD', 'mesh:evicting', key)
forget_product(key, entry)
count('mesh:evicted', entry, 1)
return ''
