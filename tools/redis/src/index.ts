export { findRedis } from './find.ts'
export { startRedis, type RedisOptions, type RedisServer } from './start.ts'
