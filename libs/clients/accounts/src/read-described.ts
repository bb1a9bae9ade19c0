import { RequestError } from './evm/read-request.ts'
import type { Described } from './api/answers.ts'

/** What the server described, as `signChange` takes it: read, and believed in nothing yet. @throws RequestError */
export function callOf({ message }: Pick<Described, 'message'>): object {
  let read: unknown
  try {
    read = JSON.parse(message)
  } catch {
    throw new RequestError('it is no JSON')
  }
  if (typeof read !== 'object' || read === null) throw new RequestError('it is no request')
  return read
}
