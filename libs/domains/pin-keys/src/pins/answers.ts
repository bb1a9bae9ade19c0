import { reply } from '@strongroom/http'
import { rateLimited } from './contract.ts'

export const success = reply(200, { message: 'Success' } as const)

export const limitedUntil = (until: Date) => rateLimited({ delay: until.toISOString() })
