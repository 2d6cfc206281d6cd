-- Enter a product into the index, or its entry anew.
-- ARGV: key, entry as JSON, when it was made [s since 1970], which counts as its first use.
local before, entry = product(ARGV[1]), cjson.decode(ARGV[2])
redis.call('SET', 'product:' .. ARGV[1], ARGV[2])
if redis.call('ZADD', 'mesh:products-used', 'NX', ARGV[3], ARGV[1]) == 1 then
  count('mesh:stock', entry, 1)
  redis.call('HINCRBY', 'mesh:images', entry.image, 1)
elseif before and before.image ~= entry.image then
  redis.call('HINCRBY', 'mesh:images', before.image or '', -1)
  redis.call('HINCRBY', 'mesh:images', entry.image, 1)
end
