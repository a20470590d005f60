-- Writes copies that are newer than what stands there, under an epoch that still holds.
-- KEYS[1]: the view's state (hash: epoch, covered); KEYS[2..]: the copies.
-- ARGV[1]: epoch, ARGV[2]: the covered that the caller has seen ('' any), ARGV[3]: the new one ('' none);
-- then for each copy its position, its seconds to live and its body ('' with 0 seconds: the key goes).
-- A copy stands as epoch|position|body. Answers 1, or 0 when nothing was done.
local state = redis.call('HMGET', KEYS[1], 'epoch', 'covered')
if state[1] ~= ARGV[1] then return 0 end
if ARGV[2] ~= '' and state[2] ~= ARGV[2] then return 0 end
local at = 4
for i = 2, #KEYS do
  local position, ttl, body = tonumber(ARGV[at]), tonumber(ARGV[at + 1]), ARGV[at + 2]
  at = at + 3
  local head = redis.call('GETRANGE', KEYS[i], 0, 79)
  local epoch, standing = string.match(head, '^([^|]*)|(%d+)|')
  if epoch ~= ARGV[1] or tonumber(standing) < position then
    if ttl == 0 then
      redis.call('DEL', KEYS[i])
    else
      redis.call('SET', KEYS[i], ARGV[1] .. '|' .. string.format('%d', position) .. '|' .. body, 'EX', ttl)
    end
  end
end
if ARGV[3] ~= '' then redis.call('HSET', KEYS[1], 'covered', ARGV[3]) end
return 1
