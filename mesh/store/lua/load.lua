-- What a user has on the mesh. ARGV: user.
-- Returns {jobs that have not ended, their units that have not, container seconds today, jobs of all not planned yet}.
local user = ARGV[1]
local active = 'jobs:active:' .. user
local jobs, units = 0, 0
for _, job in ipairs(redis.call('SMEMBERS', active)) do
  local record = redis.call('HMGET', 'job:' .. job, 'request_key', 'state', 'run_id', 'windows')
  local run = record[3]
  if not record[1] or record[2] or (run and is_over(run)) then
    -- Ended without a word: its record lapsed, or it was entered once more after its end.
    redis.call('SREM', active, job)
  else
    local left = run and redis.call('HVALS', part(run, 'left')) or {}
    jobs = jobs + 1
    if #left == 0 then
      units = units + tonumber(record[4] or 0)
    end
    for _, count in ipairs(left) do
      units = units + tonumber(count)
    end
  end
end
return {jobs, units, tostring(spent_today(user)), redis.call('ZCARD', 'jobs:new')}
