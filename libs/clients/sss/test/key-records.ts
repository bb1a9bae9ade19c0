import type { Holder } from './presentations.ts'

export interface Answer {
  readonly status: number
  readonly body: unknown
}

type Fields = Readonly<Record<string, unknown>>

interface Recovery {
  readonly type: string
  readonly credentialId?: string
  readonly encryptedShare?: unknown
  readonly shareVersion?: number
}

interface StoredRecord {
  did: string
  version: number
  shares: Map<number, unknown>
  recoveries: Recovery[]
}

export const refuse = (status: number, message: string): Answer => ({
  status,
  body: { message, code: `CODE_${String(status)}`, data: { httpStatus: status } },
})
const ok = (body: unknown): Answer => ({ status: 200, body })
const done = ok({ success: true })

/** `/keys` and `/challenges` as published: versions, a history of five, recovery methods. Tokens are `token-<contact>`. */
export class KeyRecords {
  readonly mails: Fields[] = []
  readonly byContact = new Map<string, StoredRecord>()
  readonly challenges = new Set<string>()
  /** Demand a challenge in every presentation. */
  strict = false

  answer(call: string, fields: Fields, holder: Holder | undefined): Answer | undefined {
    if (call === 'GET /challenges') return this.#issue(holder)
    if (!/ \/keys\//.test(call)) return undefined
    if (call === 'POST /keys/restore' || call === 'DELETE /keys/start-over') return this.#byDid(holder)
    const contact = /^token-(.+)$/.exec(String(fields['authToken']))?.[1]
    if (contact === undefined) return refuse(401, 'Invalid Firebase token')
    if (call === 'POST /keys/auth-share') return ok(this.#read(contact, fields))
    if (call === 'GET /keys/recovery') return ok(this.#find(contact, fields))
    if (call === 'GET /keys/recovery-email') return ok({ recoveryEmail: 'a**@example.com' })
    if (call === 'POST /keys/email-backup') return this.#mail(fields)
    if (call === 'POST /keys/upgrade-contact-method') return ok({ success: true, customToken: 'custom' })
    return this.#write(call, { contact, fields, holder })
  }

  #write(call: string, { contact, fields, holder }: { contact: string; fields: Fields; holder: Holder | undefined }) {
    if (!holder || !this.#admits(holder, this.strict || call.endsWith('start-over') ? 'challenged' : 'any')) {
      return refuse(401, 'UNAUTHORIZED')
    }
    if (call === 'POST /keys/start-over') return ok({ success: true, opensAt: '2026-01-08T00:00:00.000Z' })
    const record = this.byContact.get(contact)
    if (record && record.did !== holder.did) return refuse(403, 'another DID')
    if (call === 'PUT /keys/auth-share') return this.#store(contact, fields, holder)
    if (call === 'POST /keys/recovery') return this.#add(record, fields as unknown as Recovery)
    if (call === 'POST /keys/delete') this.byContact.delete(contact)
    return done
  }

  #byDid(holder: Holder | undefined): Answer {
    return holder && this.#admits(holder, 'challenged')
      ? ok({ success: true, shareVersion: 1 })
      : refuse(401, 'UNAUTHORIZED')
  }

  /** A challenge that is there is used up, demanded or not. */
  #admits({ nonce }: Holder, demand: 'any' | 'challenged'): boolean {
    const challenged = nonce !== undefined && this.challenges.delete(nonce)
    return challenged || (demand === 'any' && nonce === undefined)
  }

  #issue(holder: Holder | undefined): Answer {
    if (!holder) return refuse(401, 'UNAUTHORIZED')
    const challenge = crypto.randomUUID()
    this.challenges.add(challenge)
    return ok([challenge])
  }

  #read(contact: string, { shareVersion }: Fields) {
    const record = this.byContact.get(contact)
    if (!record) return null
    const recoveryMethods = record.recoveries.map(({ type, credentialId, shareVersion: version }) => ({
      type,
      createdAt: '2026-01-01T00:00:00.000Z',
      credentialId,
      shareVersion: version,
    }))
    return {
      authShare: record.shares.get(Number(shareVersion ?? record.version)) ?? null,
      primaryDid: record.did,
      securityLevel: 'basic',
      recoveryMethods,
      keyProvider: 'sss',
      shareVersion: record.version,
      maskedRecoveryEmail: null,
    }
  }

  #store(contact: string, { authShare, expectedShareVersion }: Fields, { did }: Holder): Answer {
    const record = this.byContact.get(contact) ?? { did, version: 0, shares: new Map(), recoveries: [] }
    if (expectedShareVersion !== undefined && expectedShareVersion !== record.version) return refuse(409, 'Conflict')
    record.version += 1
    record.shares.set(record.version, authShare)
    record.shares.delete(record.version - 6)
    this.byContact.set(contact, record)
    return ok({ success: true, shareVersion: record.version })
  }

  #add(record: StoredRecord | undefined, recovery: Recovery): Answer {
    if (!record) return refuse(404, 'User key not found. Set up SSS first.')
    const same = ({ type, credentialId }: Recovery) =>
      type === recovery.type && (type !== 'passkey' || credentialId === recovery.credentialId)
    record.recoveries = [...record.recoveries.filter((one) => !same(one)), recovery]
    return done
  }

  #find(contact: string, { type, credentialId }: Fields) {
    const found = this.byContact
      .get(contact)
      ?.recoveries.find((one) => one.type === type && (credentialId === undefined || one.credentialId === credentialId))
    return found ? { encryptedShare: found.encryptedShare, shareVersion: found.shareVersion } : null
  }

  #mail(fields: Fields): Answer {
    this.mails.push(fields)
    return done
  }
}
