import { onTestFinished } from 'vitest'
import {
  type KeyNeed,
  type KeyRecord,
  type Keystore,
  openKeystore,
  provisionKeys,
  type SeveralTokensOptions,
  type TokenOptions,
} from '../../src/index.ts'
import { recordsOf } from '../../src/several/token-records.ts'
import { shimFaults, type ShimFaults, softToken, type SoftToken } from '../../src/testing/index.ts'
import { type TestedModule, testedModules } from '../modules.ts'
import { needs, tenant } from '../world.ts'

/** Two tokens that are worked with alike or not; both keep their keys in software. */
export interface TestedRing {
  readonly name: string
  readonly modules: readonly [TestedModule, TestedModule]
}

const moduleNamed = (name: string): TestedModule => {
  const found = testedModules.find((one) => one.name === name)
  if (found === undefined) throw new Error(`no module is called ${name}`)
  return found
}

const softHsm = moduleNamed('SoftHSM')
const inProcess = moduleNamed('SoftHSM in a process of its own')

export const testedRings: readonly TestedRing[] = [
  { name: 'two SoftHSM tokens', modules: [softHsm, softHsm] },
  { name: 'two SoftHSM tokens, in processes of their own', modules: [inProcess, inProcess] },
  { name: 'SoftHSM and NSS', modules: [softHsm, moduleNamed('NSS')] },
]

export interface RingToken {
  readonly soft: SoftToken
  readonly options: TokenOptions
  readonly label: string
  /** Faults of this token, in whichever process it is loaded. */
  readonly device: ShimFaults
}

export interface RingWorld {
  readonly tokens: readonly [RingToken, RingToken]
  readonly keys: readonly KeyRecord[]
  /** Both tokens, unless said otherwise; closed when the test is over. */
  readonly open: (changes?: Partial<SeveralTokensOptions>) => Promise<Keystore>
  /** One of them alone, with the keys that are its own. */
  readonly openAlone: (token: RingToken) => Promise<Keystore>
}

export async function freshRing(
  { modules }: TestedRing,
  labels = ['a', 'b'],
): Promise<readonly [RingToken, RingToken]> {
  const [a, b] = await Promise.all(modules.map((module, at) => ringToken(module, labels[at] ?? 'c')))
  if (a === undefined || b === undefined) throw new Error('a ring of two')
  return [a, b]
}

/** Two tokens with every key, and what opens them. */
export async function makeRing(ring: TestedRing, more: readonly KeyNeed[] = []): Promise<RingWorld> {
  const tokens = await freshRing(ring)
  const [a, b] = tokens
  const keys = await provisionKeys({ tokens: [a.options, b.options], needs: [...needs, ...more], existing: [] })
  const open = async (changes: Partial<SeveralTokensOptions> = {}) => {
    const options = tokens.map((token) => token.options)
    const keystore = await openKeystore({ tokens: options, keys, probeIntervalMs: 20, ...changes })
    onTestFinished(async () => {
      for (const { device } of tokens) device.mend()
      await keystore.close()
    })
    return keystore
  }
  const openAlone = async ({ options, label }: RingToken) => {
    const own = recordsOf(keys, { label, first: a.label })
    const keystore = await openKeystore({ ...options, keys: own, executor: 'inline' })
    onTestFinished(() => keystore.close())
    return keystore
  }
  return { tokens, keys, open, openAlone }
}

export async function ringToken(module: TestedModule, name: string): Promise<RingToken> {
  const soft = await softToken({ module: module.path, through: 'fault-shim', label: `ring-${name}` })
  const device = shimFaults(soft.module)
  onTestFinished(async () => {
    device.release()
    await soft.remove()
  })
  const options: TokenOptions = { ...soft, ...tenant, executor: module.executor, sessions: 2, callSeconds: 10 }
  return { soft, options, label: soft.tokenLabel, device }
}

/** Takes a token away as a network does, or brings it back. Recovery and joining fail as well. */
export function unplug({ device }: RingToken): void {
  device.fail(['C_Sign', 'C_Encrypt', 'C_Decrypt', 'C_OpenSession', 'C_Initialize', 'C_GetTokenInfo', 'C_Login'], {
    name: 'CKR_DEVICE_REMOVED',
    code: 0x32,
  })
}
