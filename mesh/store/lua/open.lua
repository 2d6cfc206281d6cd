-- Find the active run of an analysis, or open one, for a job.
-- ARGV: job id, request key, instrument, product, lane, user, steps of the stages as JSON, time.
-- Returns {run id, 1 if opened}; the run id is empty when the job was cancelled before. A job that a run served to
-- its end keeps that run, so that a message that comes twice changes nothing.
local job, request, instrument, lane, user = ARGV[1], ARGV[2], ARGV[3], ARGV[5], ARGV[6]
local record = 'job:' .. job
redis.call('ZREM', 'jobs:new', job)
if redis.call('HGET', record, 'state') then
  return {'', 0}
end
local run = redis.call('HGET', record, 'run_id')
if run and OVER[redis.call('HGET', 'run:' .. run, 'state')] then
  return {run, 0}
end
run = redis.call('GET', 'request:' .. request)
if run and not is_over(run) then
  redis.call('SADD', part(run, 'jobs'), job)
  redis.call('HSET', record, 'run_id', run)
  -- The run now also moves on at the pace of this user and in this lane.
  if redis.call('EXISTS', part(run, 'backlog')) == 1 then
    schedule(instrument, lane, user, run)
  end
  return {run, 0}
end
-- What an earlier life of the server left of a run of this name.
for _, name in ipairs({'jobs', 'order', 'rows', 'counts', 'left', 'backlog', 'claim'}) do
  redis.call('DEL', part(job, name))
end
for state in pairs(NEXT) do
  redis.call('DEL', part(job, 'in:' .. state))
end
redis.call('DEL', 'run:' .. job)
redis.call('HSET', 'run:' .. job, 'run_id', job, 'request_key', request, 'instrument', instrument, 'product', ARGV[4],
  'lane', lane, 'user', user, 'steps', ARGV[7], 'opened', ARGV[8])
redis.call('SADD', part(job, 'jobs'), job)
redis.call('HSET', record, 'run_id', job)
redis.call('SET', 'request:' .. request, job)
redis.call('SADD', 'runs', job)
set_run_state(job, 'PENDING')
return {job, 1}
