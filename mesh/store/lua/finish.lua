-- Write the outcome of a run into its record.
-- ARGV: run, state, time, seconds that the records last, seconds that the stream of events lasts, then the fields of
--       the outcome, each a name and a text.
-- Returns the jobs that waited for it; nothing when it was over before.
local run, request = ARGV[1], redis.call('HGET', 'run:' .. ARGV[1], 'request_key')
if is_over(run) then
  return {}
end
redis.call('HSETNX', 'run:' .. run, 'started', ARGV[3])
redis.call('HSET', 'run:' .. run, 'finished', ARGV[3], unpack(ARGV, 6))
redis.call('HDEL', 'run:' .. run, 'note')
if redis.call('GET', 'request:' .. request) == run then
  redis.call('DEL', 'request:' .. request)
end
redis.call('SREM', 'runs', run)
set_run_state(run, ARGV[2])
redis.call('DEL', part(run, 'backlog'), part(run, 'claim'))
expire(run, ARGV[4], ARGV[5])
local jobs = redis.call('SMEMBERS', part(run, 'jobs'))
for _, job in ipairs(jobs) do
  redis.call('EXPIRE', 'job:' .. job, ARGV[4])
  end_job(job)
end
return jobs
