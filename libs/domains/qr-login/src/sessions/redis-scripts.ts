/** Lua that Redis runs as one step. All keys share a hash tag, so that a cluster keeps them in one place. */

/** KEYS live, session, code. ARGV id, most, lifetime, then field and value alternating. */
export const createScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 'full' end
if not redis.call('SET', KEYS[3], ARGV[1], 'NX', 'EX', ARGV[3]) then return 'code-taken' end
redis.call('HSET', KEYS[2], unpack(ARGV, 4))
redis.call('EXPIRE', KEYS[2], ARGV[3])
redis.call('ZADD', KEYS[1], now + ARGV[3] * 1000, ARGV[1])
redis.call('EXPIRE', KEYS[1], math.max(redis.call('TTL', KEYS[1]), tonumber(ARGV[3])))
return 'created'`

/** KEYS live, session, code. ARGV id, lifetime, then field and value alternating. */
export const approveScript = `
local status = redis.call('HGET', KEYS[2], 'status')
if not status then return 'missing' end
if status ~= 'pending' then return 'already-approved' end
local time = redis.call('TIME')
redis.call('HSET', KEYS[2], unpack(ARGV, 3))
redis.call('HDEL', KEYS[2], 'shortCode')
redis.call('EXPIRE', KEYS[2], ARGV[2])
redis.call('DEL', KEYS[3])
redis.call('ZADD', KEYS[1], time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[2] * 1000, ARGV[1])
redis.call('EXPIRE', KEYS[1], math.max(redis.call('TTL', KEYS[1]), tonumber(ARGV[2])))
return 'approved'`

/** KEYS session. */
export const takeScript = `
local payload = redis.call('HGET', KEYS[1], 'encryptedPayload')
if payload then redis.call('HDEL', KEYS[1], 'encryptedPayload') end
return payload`

/** KEYS limit. ARGV window. */
export const hitScript = `
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return count`
