import { createHash, createPublicKey, randomBytes, verify } from 'node:crypto'
import { fromAccountId } from '../src/strkey.ts'

export interface Answer {
  readonly status: number
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export interface Asked {
  readonly method: string
  readonly target: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

type Fields = Record<string, unknown>
type Resource = { id: string; type: string; attributes: Fields; relationships: Record<string, { data: Resource }> }

interface Keeping {
  readonly email: string
  /** The key that signs. */
  readonly signer: string
  readonly attributes: Fields
  readonly password: Fields
  isVerified: boolean
}

interface FactorRow {
  readonly id: number
  readonly type: string
  priority: number
}

const kdf = { algorithm: 'scrypt', bits: 256, n: 4096, r: 8, p: 1 }
const reasons: Readonly<Record<number, string>> = { 400: 'Bad Request', 401: 'Unauthorized', 403: 'Forbidden' }

export const refuse = (status: number, more: object = {}): Answer => ({
  status,
  body: { errors: [{ title: reasons[status] ?? 'Refused', status: String(status), ...more }] },
})
const done = (data: unknown, { status = 200, included = [] as unknown[] } = {}): Answer => ({
  status,
  body: { data, included },
})
const nothing: Answer = { status: 204 }

/** What the contract has an identity storage answer: the edge of the world, a fake, for tests alone. */
export class FakeIdentityStorage {
  readonly wallets = new Map<string, Keeping>()
  readonly envelopes: string[] = []
  readonly factors: FactorRow[] = [{ id: 1, type: 'password', priority: 100 }]
  /** What the user's telephone shows, and what the mail says. */
  readonly codes = { totp: '012345', email: '424242' }
  readonly mailToken = 'JOqIgfCNSjnGWDrTPWbW'
  isVerificationRequired = false
  readonly #demands = new Map<string, { factor: string; request: string; isVerified: boolean }>()

  answer(asked: Asked): Answer | undefined {
    const [path = ''] = asked.target.split('?')
    const [, place, id = '', part, factor = ''] = path.split('/')
    const body = asked.text === '' ? {} : (JSON.parse(asked.text) as { data: Resource; included?: Resource[] })
    if (place === 'kdf') return this.#kdf(new URL(asked.target, 'http://localhost').searchParams)
    if (path === '/v3/key_values/signer_role:default') {
      return done({ id: 'signer_role:default', type: 'key-values', attributes: { value: { u32: 3 } } })
    }
    if (place === 'sessions') return done(this.#session(id))
    if (place !== 'wallets') return undefined
    if (part === 'verification') return this.#verification(asked, id, body as { data: Resource })
    if (part === 'factors') return this.#factors(asked, { id, factor }, body as { data: Resource })
    const { data, included = [] } = body as { data: Resource; included?: (Resource | null)[] }
    // TokenD's own client puts null where it has no resource.
    const present = included.filter((one) => one !== null)
    return this.#wallet(asked, id, { data, included: present })
  }

  #kdf(query: URLSearchParams): Answer {
    const email = query.get('email')
    if (!email) return done({ type: 'kdf', id: 2, attributes: kdf })
    const found = [...this.wallets.values()].find((one) => one.email === email.toLowerCase())
    return found ? done({ type: 'kdf', id: 2, attributes: { ...kdf, salt: found.attributes['salt'] } }) : refuse(404)
  }

  #wallet(asked: Asked, id: string, { data, included }: { data: Resource; included: Resource[] }): Answer {
    const kept = this.wallets.get(id)
    switch (asked.method) {
      case 'GET':
        if (!kept) return refuse(404)
        if (!kept.isVerified) return refuse(403, { code: 'verification_required', meta: { wallet_id: id } })
        return this.#isEnabled('totp') ? (this.#demand(asked, ['totp'], id) ?? this.#tell(id)) : this.#tell(id)
      case 'POST': {
        if (id !== '' && !kept) return refuse(404)
        const demanded = id === '' ? undefined : this.#demand(asked, ['password'], id)
        if (demanded) return demanded
        if (this.#has(data)) return refuse(409)
        this.#keep(data, included, id === '' ? undefined : kept)
        this.wallets.delete(id)
        return id === '' ? { ...this.#tell(data.id), status: 201 } : nothing
      }
      case 'PUT': {
        if (data.type === 'recovery-wallet') return this.#recover(asked, data, included)
        if (!kept) return refuse(404)
        if (signerIn(asked) !== kept.signer) return refuse(401)
        const demanded = this.#demand(asked, ['password', ...(this.#isEnabled('totp') ? ['totp'] : [])], id)
        if (demanded) return demanded
        const transaction = included.find(({ type }) => type === 'transaction')
        this.envelopes.push(String(transaction?.attributes['envelope']))
        this.wallets.delete(id)
        this.#keep(data, included, kept)
        return this.#tell(data.id)
      }
      default:
        return refuse(405)
    }
  }

  #recover(asked: Asked, data: Resource, included: Resource[]): Answer {
    const [old] = [...this.wallets].find(([, { email }]) => email === data.attributes['email']) ?? []
    if (old === undefined) return refuse(404)
    if (signerIn(asked) !== data.relationships['signer']?.data.id) return refuse(401)
    const demanded = this.#demand(asked, ['email'], old)
    if (demanded) return demanded
    const kept = this.wallets.get(old)
    this.wallets.delete(old)
    this.#keep(data, included, kept)
    return this.#tell(data.id)
  }

  #has(data: Resource): boolean {
    return [...this.wallets.values()].some(({ email }) => email === String(data.attributes['email']).toLowerCase())
  }

  #keep(data: Resource, included: Resource[], before: Keeping | undefined): void {
    const factor = data.relationships['factor']?.data
    const password = included.find(({ id, type }) => type === 'password' && id === factor?.id)
    const accountId = before?.attributes['account_id'] ?? data.attributes['account_id']
    this.wallets.set(data.id, {
      email: String(data.attributes['email']).toLowerCase(),
      signer: String(data.attributes['account_id']),
      attributes: { ...data.attributes, account_id: accountId },
      password: password?.attributes ?? {},
      isVerified: before?.isVerified ?? !this.isVerificationRequired,
    })
  }

  #tell(id: string): Answer {
    const { attributes, isVerified } = this.wallets.get(id) as Keeping
    const session = this.#session(`01D78XYFJ1PRM1WPBCBT${randomBytes(3).toString('hex')}`)
    const to = { data: { id: session.id, type: session.type } }
    const { account_id, email, keychain_data } = attributes
    const wallet = { id, type: 'wallet', attributes: { account_id, email, keychain_data, verified: isVerified } }
    return done({ ...wallet, relationships: { session: to } }, { included: [session] })
  }

  #session(id: string) {
    const attributes = { expires_at: '2019-05-29T16:44:58Z', encryption_key: 'f9'.repeat(32) }
    return { id, type: 'sessions', attributes }
  }

  #verification({ method }: Asked, id: string, { data }: { data: Resource }): Answer {
    const kept = this.wallets.get(id)
    if (method === 'POST')
      return kept?.isVerified === false ? nothing : refuse(400, { meta: { field: '', error: 'no' } })
    if (!kept || data.attributes['token'] !== this.mailToken) {
      return refuse(400, { meta: { field: '/data/attributes/token', error: 'invalid token' } })
    }
    kept.isVerified = true
    return nothing
  }

  #factors(asked: Asked, { id, factor }: { id: string; factor: string }, { data }: { data: Resource }): Answer {
    const kept = this.wallets.get(id)
    if (asked.target.endsWith('/verification')) return this.#verify(data.attributes)
    if (asked.method === 'GET')
      return done(this.factors.map((row) => ({ ...row, id: String(row.id), attributes: row })))
    if (signerIn(asked) !== kept?.signer) return refuse(401)
    const row = this.factors.find((one) => String(one.id) === factor)
    if (asked.method === 'POST') {
      const demanded = this.#demand(asked, ['password'], id)
      if (demanded) return demanded
      if (this.factors.some(({ type }) => type === data.type)) return refuse(409)
      const made = { id: this.factors.length + 14, type: 'totp', priority: 0 }
      this.factors.push(made)
      const attributes = { type: 'totp', secret: 'GEZDGNBVGY3TQOJQ', seed: 'otpauth://totp/TokenD:ann' }
      return done({ id: made.id, type: 'backend', attributes }, { status: 201 })
    }
    if (!row) return refuse(404)
    const demanded = asked.method === 'PATCH' || row.priority > 0 ? this.#demand(asked, ['totp'], id) : undefined
    if (demanded) return demanded
    if (asked.method === 'PATCH') row.priority = Number(data.attributes['priority'])
    else this.factors.splice(this.factors.indexOf(row), 1)
    return nothing
  }

  #isEnabled(type: string): boolean {
    return this.factors.some((one) => one.type === type && one.priority > 0)
  }

  /** Of the factors that a request wants, the first that is not proven; `undefined` consumes them all. */
  #demand({ method, target, text }: Asked, wanted: readonly string[], walletId: string): Answer | undefined {
    const request = createHash('sha256').update(`${method} ${target} ${text}`).digest('hex')
    const proven = [...this.#demands].filter(([, one]) => one.request === request && one.isVerified)
    const missing = wanted.find((type) => !proven.some(([, { factor }]) => factor === type))
    if (missing === undefined) {
      for (const [token] of proven) this.#demands.delete(token)
      return undefined
    }
    const token = randomBytes(20).toString('hex')
    this.#demands.set(token, { factor: missing, request, isVerified: false })
    const { keychain_data, salt } = this.wallets.get(walletId)?.password ?? {}
    const id = this.factors.find(({ type }) => type === missing)?.id ?? 99
    const secret = missing === 'password' ? { keychain_data, salt } : {}
    return refuse(403, {
      code: 'tfa_required',
      detail: 'Additional factor required',
      meta: { token, factor_id: id, factor_type: missing, wallet_id: walletId, ...secret },
    })
  }

  #verify({ token, otp }: Fields): Answer {
    const demand = this.#demands.get(String(token))
    const isRight =
      demand?.factor === 'password' ? this.#isPassword(String(token), String(otp)) : otp === this.#code(demand)
    if (!demand || !isRight) return refuse(400, { meta: { field: 'data/attributes/otp', error: 'invalid' } })
    demand.isVerified = true
    return nothing
  }

  #code(demand: { factor: string } | undefined): string | undefined {
    return demand && this.codes[demand.factor as keyof typeof this.codes]
  }

  #isPassword(token: string, otp: string): boolean {
    return [...this.wallets.values()].some(({ password }) => verifies(String(password['account_id']), token, otp))
  }
}

/** Who signed, by the target alone and none of our code but the key's; `undefined` for nobody. */
export function signerIn({ method, target, headers }: Asked): string | undefined {
  const parts = /^keyId="(\w+)",algorithm="ed25519-sha256",headers="([^"]+)",signature="([^"]+)"$/
  const [, keyId = '', names = '', signature = ''] = parts.exec(String(headers['signature'])) ?? []
  const lines = names.split(' ').map((name) => {
    const value = name === '(request-target)' ? `${method.toLowerCase()} ${target}` : String(headers[name])
    return `${name}: ${value}`
  })
  const digest = createHash('sha256').update(lines.join('\n')).digest()
  return names.includes('(request-target)') && verifies(keyId, digest, signature) ? keyId : undefined
}

const spkiOfEd25519 = Buffer.from('302a300506032b6570032100', 'hex')

/** Ed25519 by OpenSSL. */
export function verifies(keyId: string, message: Uint8Array | string, signature: string): boolean {
  if (!/^G\w{55}$/.test(keyId)) return false
  const key = Buffer.concat([spkiOfEd25519, fromAccountId(keyId)])
  const publicKey = createPublicKey({ key, format: 'der', type: 'spki' })
  return verify(null, Buffer.from(message), publicKey, Buffer.from(signature, 'base64'))
}
