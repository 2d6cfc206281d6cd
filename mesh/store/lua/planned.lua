-- Note that a run is planned. ARGV: run. A run that executes already, or is over, stays as it is.
local run = ARGV[1]
if redis.call('HGET', 'run:' .. run, 'state') == 'PENDING' then
  redis.call('HDEL', 'run:' .. run, 'note')
  set_run_state(run, 'QUEUED')
end
return 1
