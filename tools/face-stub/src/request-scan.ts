import { z } from 'zod'
import { makeScan, type ScanFields, type ScanWish } from './scan.ts'

export type ScanRequest = Omit<ScanWish, 'session'>

const session = z.object({ sessionToken: z.string() })

/**
 * A scan that a stub, which already runs, has opened a session for.
 * @throws TypeError where nobody listens there.
 */
export async function requestScan(url: string, wish: ScanRequest): Promise<ScanFields> {
  const answer = await fetch(new URL('/session-token', url))
  const { sessionToken } = session.parse(await answer.json())
  return makeScan({ ...wish, session: sessionToken })
}
