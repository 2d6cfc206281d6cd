-- The index of products: which are there, how much they are, and which may be removed.

-- The short form of a product's manifest; nothing when there is no such product.
local function product(key)
  local text = redis.call('GET', product_key(key))
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

local function forget_product(key, entry)
  redis.call('DEL', product_key(key))
  if redis.call('ZREM', PRODUCTS_USED, key) == 1 then
    count(STOCK, entry, -1)
    redis.call('HINCRBY', IMAGES, entry.image or '', -1)
  end
end

-- Make a row that of a product that is there. Whoever made it for this run did the work; else it is cached.
local function take_product(row, run, entry)
  redis.call('ZADD', PRODUCTS_USED, 'XX', 'GT', milliseconds() / 1000, entry.key)
  if #entry.warnings > 0 then
    row.warnings = entry.warnings
  end
  if entry.run_id == run then
    row.state, row.seconds = 'done', entry.seconds
  else
    row.state, row.cached_from = 'cached', entry.run_id
    redis.call('HINCRBY', HITS, entry.instrument .. '/' .. row.stage, 1)
  end
end

-- Enter products into the index, or their entries anew.
-- Arguments: for each its key, entry as JSON, when it was made [s since 1970], which counts as its first use.
register('index_products', function(args)
  for position = 1, #args, 3 do
    local key = args[position]
    local before, entry = product(key), cjson.decode(args[position + 1])
    redis.call('SET', product_key(key), args[position + 1])
    if redis.call('ZADD', PRODUCTS_USED, 'NX', args[position + 2], key) == 1 then
      count(STOCK, entry, 1)
      redis.call('HINCRBY', IMAGES, entry.image, 1)
    elseif before and before.image ~= entry.image then
      redis.call('HINCRBY', IMAGES, before.image or '', -1)
      redis.call('HINCRBY', IMAGES, entry.image, 1)
    end
  end
  return 1
end)

-- Take a product that is not in the store any more out of the index. Arguments: key.
register('forget_product', function(args)
  local entry = product(args[1])
  if entry then
    forget_product(args[1], entry)
  end
  return 1
end)

-- Take a product out of the index so that its files can be removed, unless something speaks against it.
-- From here on plans make it again; the lease keeps them from doing so before the files are gone.
-- Arguments: key, owner of the lease, milliseconds of the lease, 'damaged' for one that the index cannot know because
--   its manifest cannot be read.
-- Returns an empty text, or why not: unknown (the index is not complete), absent, pinned, needed (a run that is not
-- over has it, waits for it or was given it by its caller) or busy (somebody makes or removes it now).
register('evict', function(args)
  local key = args[1]
  if redis.call('EXISTS', PINS_INDEXED, INDEX_COMPLETE, GENERATION) < 3 then
    return 'unknown'
  end
  local entry = product(key)
  if not entry and args[4] ~= 'damaged' then
    return 'absent'
  end
  if redis.call('SISMEMBER', PINNED, key) == 1 then
    return 'pinned'
  end
  for _, run in ipairs(redis.call('SMEMBERS', unit_key(key, 'runs'))) do
    if not is_over(run) then
      return 'needed'
    end
  end
  for _, run in ipairs(redis.call('SMEMBERS', ACTIVE_RUNS)) do
    local row = entry and read_row(run, entry.stage .. '/' .. entry.label)
    if (row and row.key == key) or redis.call('SISMEMBER', run_key(run, 'given'), key) == 1 then
      return 'needed'
    end
  end
  if not redis.call('SET', lease_key(key), args[2], 'NX', 'PX', args[3]) then
    return 'busy'
  end
  redis.call('SADD', EVICTING, key)
  if entry then
    forget_product(key, entry)
    count(EVICTED_STOCK, entry, 1)
  end
  return ''
end)
