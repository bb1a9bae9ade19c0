import { createHash, createHmac, randomBytes, verify } from 'node:crypto'
import { equalBytes } from '@strongroom/crypto'
import { Unsupported } from '../errors.ts'
import { strategyOf } from '../keys/job-strategies.ts'
import { generationMechanism, publicAttributes, requiredAttributes, templateOf } from '../keys/job-templates.ts'
import { toPoint, toPublicKey } from '../keys/public-point.ts'
import { importMacKey, macSessionKey, useAndDestroy } from '../keys/session-keys.ts'
import { type KeyJob, keyJobs } from '../keystore.ts'
import { CKM } from '../pkcs11/cryptoki.ts'
import { isDeviceError } from '../pkcs11/device-error.ts'
import type { Session } from '../pkcs11/session.ts'
import type { Capabilities } from '../strategies/capabilities.ts'
import { shapeOf } from '../strategies/shapes.ts'
import { importsNothing } from '../strategies/throw-away.ts'
import type { JobProof } from './inspection.ts'

export interface Ground {
  readonly capabilities: Capabilities
  readonly openSession: () => Session
}

/** Each job on keys of a session: what the token would do of a new key. Throws `DeviceError` where it is busy. */
export const proveJobs = (ground: Ground): readonly JobProof[] => keyJobs.map((job) => proveJob(ground, job))

function proveJob({ capabilities, openSession }: Ground, job: KeyJob): JobProof {
  try {
    const { name } = strategyOf(capabilities, { job })
    const trial = trials[job]
    if (trial !== undefined) tryIn(openSession, trial)
    return { job, strategy: name, carried: shapeOf(name).keyless ? 'falls back' : 'inside' }
  } catch (error) {
    if (!(error instanceof Unsupported)) throw error
    return { job, carried: 'missing', missing: error.capability }
  }
}

/** Jobs of which `Capabilities` proves nothing. */
const trials: Readonly<Partial<Record<KeyJob, Trial>>> = {
  mac: { what: 'HMAC-SHA-512 under keys of 64 bytes', works: macs },
  sign: { what: 'ECDSA on P-256', works: signs },
}

interface Trial {
  readonly what: string
  readonly works: (session: Session) => boolean
}

/** In a session of its own, which a refused call may leave busy. */
function tryIn(openSession: () => Session, { what, works }: Trial): void {
  const session = openSession()
  try {
    if (!works(session)) throw new Unsupported(`${what} (its answer is wrong)`)
  } catch (error) {
    throw isDeviceError(error) ? new Unsupported(`${what} (${error.message})`) : error
  } finally {
    session.close()
  }
}

function macs(session: Session): boolean {
  const [value, message] = [randomBytes(64), randomBytes(48)]
  try {
    return useAndDestroy(session, (own) =>
      equalBytes(
        session.sign(CKM.sha512Hmac, own(importMacKey(session, value)), message),
        createHmac('sha512', value).update(message).digest(),
      ),
    )
  } catch (error) {
    if (!importsNothing(error)) throw error
    return useAndDestroy(session, (own) => {
      const key = own(session.generateKey(CKM.genericSecretKeyGen, { ...macSessionKey, valueLength: 64 }))
      const [one, again] = [session.sign(CKM.sha512Hmac, key, message), session.sign(CKM.sha512Hmac, key, message)]
      return one.length === 64 && equalBytes(one, again)
    })
  }
}

const signing = { job: 'sign' } as const

function signs(session: Session): boolean {
  return useAndDestroy(session, (own) => {
    const pair = session.generateKeyPair(generationMechanism(templateOf(signing)), {
      publicKey: { ...publicAttributes(signing), token: false },
      privateKey: { ...requiredAttributes(signing.job), token: false },
    })
    const [publicKey, privateKey] = [own(pair.publicKey), own(pair.privateKey)]
    const point = toPoint(session.readAttribute(publicKey, 'ecPoint'))
    const message = randomBytes(32)
    const digest = createHash('sha256').update(message).digest()
    return (
      point !== undefined &&
      verify(
        'sha256',
        message,
        { key: toPublicKey(point), dsaEncoding: 'ieee-p1363' },
        session.sign(CKM.ecdsa, privateKey, digest),
      )
    )
  })
}
