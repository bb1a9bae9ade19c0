import { createHash, createPublicKey, randomBytes, verify } from 'node:crypto'

export interface Answer {
  readonly status: number
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

type Body = Readonly<Record<string, unknown>>

const at = '2025-01-15T10:30:00Z'
const done = (status: number, message: string, more: object = {}): Answer => ({
  status,
  body: { success: true, message, ...more },
})
export const refuse = (status: number, code: number, message = 'refused'): Answer => ({
  status,
  body: { error: { code, message } },
})

const transactionOf = (number: number) => ({
  transaction_id: `00000000-0000-4000-8000-00000000000${String(number)}`,
  type: 'sign',
  status: 'completed',
  key_id: 'key-1',
  device_verifying_key: '04ab',
  instance: '00'.repeat(32),
  sign_alg: 'ecdsa',
  chain_path: 'm',
  message: 'ab',
  reject_reason: null,
  created_at: at,
  completed_at: at,
})

/** What the contract has an auth service answer to one user: the edge of the world, a fake, for tests alone. */
export class FakeAuthService {
  readonly devices = new Map<string, string | null>()
  readonly devicesOfOthers = new Set<string>()
  readonly shares = new Map<string, string>()
  readonly keys = new Set(['key-1', 'key-2'])
  readonly transactions = [0, 1, 2, 3, 4].map(transactionOf)
  /** The person whose face is registered. */
  face: string | undefined
  isRegistered = false
  readonly #challenges = new Map<string, string>()
  readonly #sessionTokens = new Set<string>()

  answer(call: string, body: Body, query: URLSearchParams): Answer | undefined {
    const [, route, key = ''] = /^(GET \/auth\/devices\/challenge|DELETE \/v2\/devices)\/(\w+)$/.exec(call) ?? []
    if (route) return route.startsWith('GET') ? this.#challenge(key) : this.#revoke(key)
    return this.#routes[call]?.(body, query)
  }

  readonly #routes: Readonly<Record<string, (body: Body, query: URLSearchParams) => Answer>> = {
    'POST /auth/users/register': () => {
      const status = this.isRegistered ? 200 : 201
      this.isRegistered = true
      return done(status, status === 201 ? 'User registered successfully' : 'User already registered', {
        user_id: 'b1946ac9-0000-4000-8000-000000000001',
      })
    },
    'POST /auth/devices/register': (body) => this.#register(body),
    'POST /auth/face/register': (body) => {
      if (this.face !== undefined) return refuse(409, 100703)
      if (this.devices.size > 0 && !this.#isSigned(body)) return refuse(401, 100501)
      this.face = String(body['face_scan'])
      return done(201, 'Face registered successfully', { registered_at: at, scan_result_blob: 'blob' })
    },
    'GET /auth/face/session-token': () => {
      const token = randomBytes(8).toString('hex')
      this.#sessionTokens.add(token)
      return { status: 200, body: { session_token: token } }
    },
    'GET /v2/face': () => {
      const registered = this.face !== undefined
      return { status: 200, body: { registered, registered_at: registered ? at : null } }
    },
    'GET /v2/keys': () => {
      const backup = (id: string) => (this.shares.has(id) ? { backup: { created_at: at } } : {})
      return {
        status: 200,
        body: { keys: [...this.keys].map((id) => ({ key_id: id, created_at: at, ...backup(id) })) },
      }
    },
    'GET /v2/devices': () => {
      const devices = [...this.devices].map(([key, name]) => ({
        device_verifying_key: key,
        device_name: name,
        is_active: true,
        created_at: at,
      }))
      return { status: 200, body: { devices } }
    },
    'POST /v2/keyshare/backup': ({ keyshares }) => {
      const items = (keyshares as { key_id: string; encrypted_keyshare: string }[]).map((one) => {
        if (!this.keys.has(one.key_id)) return { key_id: one.key_id, ...(refuse(404, 100601).body as object) }
        this.shares.set(one.key_id, one.encrypted_keyshare)
        return { key_id: one.key_id, created_at: at }
      })
      return partly(items, 'saved')
    },
    'POST /v2/keyshare/recover': ({ key_ids: ids, face_scan: face }) => {
      if (face !== this.face) return refuse(403, 100706)
      const items = (ids as string[]).map((id) => {
        const share = this.shares.get(id)
        return {
          key_id: id,
          ...(share === undefined ? (refuse(404, 100301).body as object) : { encrypted_keyshare: share }),
        }
      })
      return items.every((one) => 'error' in one) ? refuse(404, 100301) : partly(items, 'recovered')
    },
    'GET /transactions': (_, query) => {
      const [start, limit] = [Number(query.get('cursor') ?? 0), Number(query.get('limit') ?? 20)]
      const end = start + limit
      const next_cursor = end < this.transactions.length ? String(end) : null
      return { status: 200, body: { transactions: this.transactions.slice(start, end), next_cursor } }
    },
  }

  #challenge(key: string): Answer {
    if (!this.isRegistered) return refuse(404, 100201)
    const challenge = randomBytes(32).toString('hex')
    this.#challenges.set(key, challenge)
    return { status: 200, body: { challenge, ttl_seconds: 300 } }
  }

  #register(body: Body): Answer {
    const key = String(body['device_id'])
    if (!this.#challenges.has(key)) return refuse(400, 100502)
    if (!this.#isSigned(body)) return refuse(401, 100501)
    if (this.devicesOfOthers.has(key)) return refuse(409, 100401)
    const isKnown = this.devices.has(key)
    if (!isKnown && this.face !== undefined && body['face_scan'] === undefined)
      return refuse(403, 100702, 'Face verification required')
    this.#challenges.delete(key)
    if (isKnown) return done(200, 'Device already registered')
    if (this.face !== undefined && !this.#isFace(body)) return refuse(403, 100706)
    this.devices.set(key, (body['device_name'] as string | undefined) ?? null)
    return done(201, 'Device registered successfully')
  }

  #revoke(key: string): Answer {
    return this.devices.delete(key) ? done(200, 'Device revoked successfully') : refuse(404, 100402)
  }

  /** A scan is of a session that was opened here; its user agent says which. */
  #isFace(body: Body): boolean {
    return body['face_scan'] === this.face && this.#sessionTokens.delete(String(body['user_agent']))
  }

  #isSigned({ device_id: key, signature }: Body): boolean {
    const challenge = this.#challenges.get(String(key))
    if (challenge === undefined) return false
    const message = Buffer.from(`{"challenge":"${challenge}"}`)
    return verifiesByOpenSsl({ message, signature: Buffer.from(String(signature), 'hex'), key: String(key) })
  }
}

function partly(keyshares: readonly object[], verb: 'saved' | 'recovered'): Answer {
  if (keyshares.some((one) => 'error' in one))
    return { status: 207, body: { success: false, message: `Some keyshares could not be ${verb}`, keyshares } }
  const message = verb === 'saved' ? { message: 'Keyshares saved successfully' } : {}
  return { status: 200, body: { success: true, ...message, keyshares } }
}

const spkiOfP256 = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex')

/** One SHA-256, DER, and none of our code. */
export function verifiesByOpenSsl(signed: { message: Uint8Array; signature: Uint8Array; key: string }): boolean {
  const der = Buffer.concat([spkiOfP256, Buffer.from(signed.key, 'hex')])
  const key = createPublicKey({ key: der, format: 'der', type: 'spki' })
  return verify('sha256', signed.message, { key, dsaEncoding: 'der' }, signed.signature)
}

export const digest = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest())
