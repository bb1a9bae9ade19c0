import { randomBytes } from 'node:crypto'
import { strategyOf } from '../keys/job-strategies.ts'
import { generationMechanism, publicAttributes, requiredAttributes, templateOf } from '../keys/job-templates.ts'
import { aesSessionKey, macSessionKey, useAndDestroy } from '../keys/session-keys.ts'
import type { KeyJob } from '../keystore.ts'
import { CKM } from '../pkcs11/cryptoki.ts'
import { isDeviceError } from '../pkcs11/device-error.ts'
import type { Handle, Session } from '../pkcs11/session.ts'
import { shapeOf } from '../strategies/shapes.ts'
import type { JobProof, Latency } from './inspection.ts'
import type { Ground } from './prove-jobs.ts'

const MOST_CALLS = 200
const MOST_MS = 1000
const SEALED_BYTES = 32

type Own = (object: Handle) => Handle
type Operations = readonly (readonly [name: string, call: () => unknown])[]

/** On keys of a session, each for a second at most: rates of the token's own keys may be lower. */
export function measureLatencies(ground: Ground, jobs: readonly JobProof[]): readonly Latency[] {
  const can = (job: KeyJob) => jobs.some((proof) => proof.job === job && proof.carried === 'inside')
  return [
    ...inSession(ground, (session) => [['random, 16 bytes', () => session.drawRandom(16)]]),
    ...(can('seal') ? inSession(ground, (session, own) => sealing(ground, session, own)) : []),
    ...(can('mac') ? inSession(ground, maccing) : []),
    ...(can('sign') ? inSession(ground, signing) : []),
  ]
}

function inSession({ openSession }: Ground, prepare: (session: Session, own: Own) => Operations): readonly Latency[] {
  const session = openSession()
  try {
    return useAndDestroy(session, (own) => prepare(session, own).map(([name, call]) => measure(name, call)))
  } catch (error) {
    // Proved before, and not to be had again: there is nothing to measure.
    if (isDeviceError(error)) return []
    throw error
  } finally {
    session.close()
  }
}

function sealing({ capabilities }: Ground, session: Session, own: Own): Operations {
  const { name } = strategyOf(capabilities, { job: 'seal' })
  const { pair, companion } = shapeOf(name)
  if (pair !== undefined) return []
  const strategy = capabilities.seal(name)
  const uses = { encrypt: true, decrypt: true, sensitive: true, extractable: false }
  const key = own(session.generateKey(CKM.aesKeyGen, { ...aesSessionKey, ...uses, valueLength: 32 }))
  const keys = { key, ...(companion && { mac: macKey(session, own) }) }
  const message = { plaintext: randomBytes(SEALED_BYTES), associated: randomBytes(64) }
  const sealed = strategy.seal(session, keys, message)
  return [
    [`seal, ${String(SEALED_BYTES)} bytes`, () => strategy.seal(session, keys, message)],
    ['open', () => strategy.open(session, keys, { sealed, associated: message.associated })],
  ]
}

function maccing(session: Session, own: Own): Operations {
  const [key, message] = [macKey(session, own), randomBytes(64)]
  return [['MAC', () => session.sign(CKM.sha512Hmac, key, message)]]
}

const macKey = (session: Session, own: Own): Handle =>
  own(session.generateKey(CKM.genericSecretKeyGen, { ...macSessionKey, valueLength: 64 }))

function signing(session: Session, own: Own): Operations {
  const kind = { job: 'sign' } as const
  const pair = session.generateKeyPair(generationMechanism(templateOf(kind)), {
    publicKey: { ...publicAttributes(kind), token: false },
    privateKey: { ...requiredAttributes(kind.job), token: false },
  })
  const [, key, digest] = [own(pair.publicKey), own(pair.privateKey), randomBytes(32)]
  return [['signature, P-256', () => session.sign(CKM.ecdsa, key, digest)]]
}

function measure(operation: string, call: () => unknown): Latency {
  const times: number[] = []
  const until = performance.now() + MOST_MS
  while (times.length < MOST_CALLS && (times.length === 0 || performance.now() < until)) {
    const started = performance.now()
    call()
    times.push(performance.now() - started)
  }
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return { operation, p50: at(0.5), p99: at(0.99) }
}
