import { randomUUID } from 'node:crypto'
import { makeMany } from './ask.ts'

/** Signed up through the front door: the cookies of so many sessions. */
export const seedCookies = (port: number, count: number): Promise<readonly string[]> =>
  makeMany(count, async () => {
    const answer = await fetch(`http://127.0.0.1:${String(port)}/api/auth/sign-up/email`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ name: 'of a benchmark', email: `${randomUUID()}@example.com`, password: randomUUID() }),
    })
    const [cookie] = answer.headers.getSetCookie()
    if (answer.status !== 200 || !cookie) throw new Error(`signing up answered ${String(answer.status)}`)
    return cookie.slice(0, cookie.indexOf(';'))
  })
