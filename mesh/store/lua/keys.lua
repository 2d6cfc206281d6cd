-- Names of all keys that the functions touch, in this one place; mesh/store/names.py says what each holds.
-- The functions build names, callers do not declare them: the mesh uses one Redis server, not a cluster.

local ALL_JOBS, NEW_JOBS, ENDING_JOBS = 'jobs', 'jobs:new', 'jobs:ending'
local ACTIVE_RUNS, WATCHED_UNITS = 'runs', 'units:watched'
local USERS = 'jobs:users'
local WEIGHTS, BUDGETS, EVERYBODY = 'mesh:weights', 'mesh:budgets', '*'
local PRODUCTS_USED, STOCK, EVICTED_STOCK, IMAGES = 'mesh:products-used', 'mesh:stock', 'mesh:evicted', 'mesh:images'
local HITS, MADE = 'mesh:hits', 'mesh:made'
local PINNED, EVICTING = 'mesh:pinned', 'mesh:evicting'
local PINS_INDEXED, INDEX_COMPLETE, GENERATION = 'mesh:pins-indexed', 'mesh:products-indexed', 'mesh:generation'

local function job_key(job)
  return 'job:' .. job
end

local function jobs_of_key(user)
  return 'jobs:of:' .. user
end

local function active_jobs_key(user)
  return 'jobs:active:' .. user
end

local function request_key(request)
  return 'request:' .. request
end

local function run_key(run, part)
  return part and 'run:' .. run .. ':' .. part or 'run:' .. run
end

local function unit_key(key, part)
  return part and 'unit:' .. key .. ':' .. part or 'unit:' .. key
end

local function product_key(key)
  return 'product:' .. key
end

local function lease_key(key)
  return 'lease:' .. key
end

local function leaving_key(owner)
  return 'owner:' .. owner .. ':leaving'
end

local function spent_key(day)
  return 'mesh:spent:' .. day
end

-- Users with unreleased units of a lane; with a user, that user's runs.
local function backlog_key(instrument, lane, user)
  local name = 'backlog:' .. instrument .. ':' .. lane
  return user and name .. ':' .. user or name
end

-- Units of a lane, or of one user in it, that are released and not final.
local function window_key(instrument, lane, user)
  local name = 'window:' .. instrument .. ':' .. lane
  return user and name .. ':' .. user or name
end

-- Units of a user on the retry ladder that are outside of the windows.
local function retrying_key(instrument, lane, user)
  return 'units:retrying:' .. instrument .. ':' .. lane .. ':' .. user
end
