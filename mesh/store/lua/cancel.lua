-- End a job; the run goes on while other jobs wait for it.
-- ARGV: job, time, seconds that records last, seconds that the stream of events lasts.
-- Returns {run or empty, what}: what is 'ended' (was over before), 'job' (only this job) or 'run'.
local record = 'job:' .. ARGV[1]
local run = redis.call('HGET', record, 'run_id') or ''
redis.call('ZREM', 'jobs:new', ARGV[1])
if redis.call('HGET', record, 'state') then
  -- Cancelled before; a run that nobody waits for may still have rows to end.
  local state = run ~= '' and redis.call('HGET', 'run:' .. run, 'state')
  return {run, state == 'ABORTED' and 'run' or 'job'}
end
if run ~= '' and is_over(run) then
  return {run, 'ended'}
end
redis.call('HSET', record, 'state', 'ABORTED', 'finished', ARGV[2])
redis.call('EXPIRE', record, ARGV[3])
end_job(ARGV[1])
if run == '' then
  return {run, 'job'}
end
redis.call('SREM', part(run, 'jobs'), ARGV[1])
if redis.call('SCARD', part(run, 'jobs')) > 0 then
  return {run, 'job'}
end
local request = 'request:' .. redis.call('HGET', 'run:' .. run, 'request_key')
if redis.call('GET', request) == run then
  redis.call('DEL', request)
end
redis.call('HSET', 'run:' .. run, 'finished', ARGV[2])
redis.call('DEL', part(run, 'backlog'))
redis.call('SREM', 'runs', run)
set_run_state(run, 'ABORTED')
expire(run, ARGV[3], ARGV[4])
return {run, 'run'}
