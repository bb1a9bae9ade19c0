import { outcomeOf, takeInTurn } from './drive.ts'
import { HttpConnection } from './http-connection.ts'
import type { CyclePlan, Outcome } from './plan.ts'
import { get, post } from './requests.ts'

const SESSION = '/api/qr-login/session'
// Of the lengths that the published client sends: an X25519 key, and a device share that was encrypted.
const PUBLIC_KEY = 'k'.repeat(44)
const PAYLOAD = 'p'.repeat(700)

/** QR logins as the published client has them: opened, found by code, approved, fetched. Throws at what is not as it should be. */
export async function driveCycles({ port, connections: count, until, approvers }: CyclePlan): Promise<Outcome> {
  const connections = await Promise.all(Array.from({ length: count }, () => HttpConnection.open(port)))
  const latencies: number[] = []
  const started = performance.now()
  const next = takeInTurn(approvers, until, started)
  const cycleOn = async (connection: HttpConnection) => {
    for (let approver = next(); approver !== undefined; approver = next()) {
      const begun = performance.now()
      await cycle(connection, approver)
      latencies.push(performance.now() - begun)
    }
  }
  await Promise.all(connections.map(cycleOn))
  const seconds = (performance.now() - started) / 1000
  for (const connection of connections) connection.close()
  return outcomeOf(latencies, seconds)
}

async function cycle(connection: HttpConnection, authToken: string): Promise<void> {
  const { sessionId = '', shortCode = '' } = await ask(connection, post(SESSION, { publicKey: PUBLIC_KEY }))
  const seen = await ask(connection, get(`${SESSION}/${shortCode}`))
  if (seen.sessionId !== sessionId || seen.status !== 'pending') throw new Error('the code found another session')
  const approval = { authToken, providerType: 'firebase', encryptedPayload: PAYLOAD }
  await ask(connection, post(`${SESSION}/${sessionId}/approve`, approval))
  const { encryptedPayload } = await ask(connection, get(`${SESSION}/${sessionId}`))
  if (encryptedPayload !== PAYLOAD) throw new Error('the payload did not arrive')
}

type Told = Readonly<Partial<Record<'sessionId' | 'shortCode' | 'status' | 'encryptedPayload', string>>>

async function ask(connection: HttpConnection, request: string): Promise<Told> {
  const { status, body } = await connection.ask(request)
  if (status !== 200) throw new Error(`answered ${String(status)} to ${request.slice(0, request.indexOf(' HTTP'))}`)
  return JSON.parse(body.toString('utf8')) as Told
}
