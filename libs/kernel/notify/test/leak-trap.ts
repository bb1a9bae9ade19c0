import { inspect } from 'node:util'
import { expect } from 'vitest'

/** In every message of these tests; none of it may be in an error. */
export const canary = {
  address: 'canary-person@example.com',
  number: '+447912345678',
  code: '914273',
  subject: 'canary subject',
}
const leaks = ['canary', 'person', '7912345678', canary.code]

/** What an error shows in any way, its cause and its hidden properties included. */
const shown = (error: Error) =>
  [error.message, error.stack, inspect(error, { depth: 10, showHidden: true }), JSON.stringify(error)].join('\n')

/** Runs what must fail, finds nothing of a person in the failure, and answers with it. */
export async function failureOf(work: Promise<unknown>): Promise<Error> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof Error)) throw new Error('this was to fail')
  const text = shown(error)
  for (const leak of leaks) {
    expect(text).not.toContain(leak)
    expect(text).not.toContain(encodeURIComponent(leak))
    expect(text).not.toContain(Buffer.from(leak).toString('base64').slice(0, 6))
  }
  return error
}
