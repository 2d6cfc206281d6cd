-- Take a product that is not in the store any more out of the index.
-- ARGV: key.
local entry = product(ARGV[1])
if entry then
  forget_product(ARGV[1], entry)
end
