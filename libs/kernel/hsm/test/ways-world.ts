import { onTestFinished } from 'vitest'
import { connect, type TokenConnection } from '../src/connect.ts'
import { type KeyRecord, type Keystore, type KeystoreOptions, openKeystore, provisionKeys } from '../src/index.ts'
import { makeCheckValue } from '../src/keys/check-value.ts'
import { strategyOf } from '../src/keys/job-strategies.ts'
import { findCompanion, findKey } from '../src/keys/locate-key.ts'
import { makeCompanion, makeKey } from '../src/keys/make-key.ts'
import { readPublicHalf } from '../src/keys/public-half.ts'
import { shimFaults, type ShimFaults, softToken, type SoftToken } from '../src/testing/index.ts'
import { inlineModules, type TestedModule } from './modules.ts'
import { freshToken, placeOf, tenant } from './world.ts'

/** What seals and what wraps here, beside what every token wraps with. */
export const waysOf = ({ model }: TestedModule) =>
  model === 'SoftHSM v2'
    ? {
        seals: ['hsm-gcm', 'hsm-cbc-hmac', 'hsm-cbc-hmac-sha256', 'hsm-rsa-oaep-sha1'],
        wraps: ['A256KW-RFC3394', 'A256KWP-RFC5649', 'rsa-oaep-wrap-sha1', 'sealed-random'],
      }
    : {
        seals: ['hsm-gcm', 'hsm-cbc-hmac', 'hsm-cbc-hmac-sha256', 'hsm-rsa-oaep', 'hsm-rsa-oaep-sha1'],
        wraps: [
          'A256KW-RFC3394',
          'A256KWP-RFC5649',
          'cbc-pad-wrap-hmac',
          'cbc-pad-wrap-hmac-sha256',
          'rsa-oaep-wrap',
          'rsa-oaep-wrap-sha1',
          'sealed-random',
        ],
      }

export interface Ways {
  readonly seal?: string
  readonly wrap?: string
}

/** A key of that strategy, whatever this token prefers: what an earlier release, or firmware, has left. */
export async function makeKeyFor(
  connection: TokenConnection,
  { job, strategy, version = 1 }: { job: 'seal' | 'wrap' | 'wrap-pair'; strategy: string; version?: number },
): Promise<KeyRecord> {
  const link = await connect(connection, [])
  try {
    const { access } = link
    const label = `strongroom/vault/${job}/v${String(version)}`
    const record = { job, use: '', version, label, strategy }
    if (strategy === 'sealed-random' || strategy === 'sealed-scalar')
      return { ...record, checkValue: checkKeyless(access, record) }
    makeKey(access, record)
    const key = findKey(access, record) ?? Buffer.alloc(0)
    makeCompanion(access, record, key)
    const mac = findCompanion(access, record)
    const handles = { key, ...(mac && { mac }), ...readPublicHalf(access.session, record) }
    strategyOf(access.capabilities, record, { keys: handles })
    return { ...record, checkValue: makeCheckValue({ ...access, record, handles }) }
  } finally {
    link.close()
  }
}

const checkKeyless = (
  access: Pick<Parameters<typeof makeCheckValue>[0], 'session' | 'capabilities'>,
  record: Omit<KeyRecord, 'checkValue'>,
): Uint8Array => makeCheckValue({ ...access, record, handles: { key: Buffer.alloc(0) } })

/** A fresh token that keeps in those ways, and what opens keystores on it. */
export async function openWays(module: TestedModule, { seal = 'hsm-gcm', wrap = 'A256KW-RFC3394' }: Ways) {
  const token = await freshToken(module)
  const connection = { ...token, ...tenant }
  const macs = await provisionKeys({ ...connection, needs: [{ job: 'mac', use: 'lock' }], existing: [] })
  const made = [
    await makeKeyFor(connection, { job: 'seal', strategy: seal }),
    await makeKeyFor(connection, { job: 'wrap', strategy: wrap }),
  ]
  const keys = [...macs, ...made]
  const open = async (changes: Partial<KeystoreOptions> = {}): Promise<Keystore> => {
    const quiet = { ...placeOf(module), probeIntervalMs: 60_000 }
    const keystore = await openKeystore({ ...connection, keys, ...quiet, ...changes })
    onTestFinished(() => keystore.close())
    return keystore
  }
  return { token, connection, keys, open, keystore: await open() }
}

export const [softHsm, nss] = inlineModules as unknown as readonly [TestedModule, TestedModule]

/** A token behind the shim that can be told to misbehave. */
export async function moodyToken({ path }: TestedModule = softHsm): Promise<{ token: SoftToken; device: ShimFaults }> {
  const token = await softToken({ module: path, through: 'fault-shim' })
  const device = shimFaults(token.module)
  onTestFinished(async () => {
    device.release()
    await token.remove()
  })
  return { token, device }
}

export const sealNeed = { job: 'seal', use: '' } as const
export const wrapNeed = { job: 'wrap', use: '' } as const
export const pairNeed = { job: 'wrap-pair', use: '' } as const
export const lockNeed = { job: 'mac', use: 'lock' } as const
