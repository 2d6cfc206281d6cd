-- Enter a product into the index, or its entry anew.
-- ARGV: key, entry as JSON, when it was made [s since 1970], which counts as its first use.
redis.call('SET', 'product:' .. ARGV[1], ARGV[2])
if redis.call('ZADD', 'mesh:products-used', 'NX', ARGV[3], ARGV[1]) == 1 then
  count('mesh:stock', cjson.decode(ARGV[2]), 1)
end
