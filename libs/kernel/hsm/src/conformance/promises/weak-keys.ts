import { rejects } from 'node:assert/strict'
import { HsmRefusal } from '../../errors.ts'
import type { KeyJob } from '../../keystore.ts'
import type { Attributes } from '../../pkcs11/template.ts'
import { provisionKeys } from '../../provision-keys.ts'
import { isRefused } from '../assertions.ts'
import { makeAside, needOf } from '../keys-aside.ts'
import { destroyLabelled, isKeyless, makeWeakKey, recordOf } from '../token-objects.ts'
import { promisesOf } from '../token-promise.ts'
import { PAIRS_ARE_DRAWN } from './issued-pairs.ts'
import type { Trial } from '../trial.ts'

interface Weakness {
  readonly job: KeyJob
  readonly weakness: Attributes
  readonly bits?: number
}

const secretWeaknesses: readonly Weakness[] = [
  { job: 'seal', weakness: { extractable: true } },
  { job: 'seal', weakness: { wrap: true } },
  { job: 'seal', weakness: { valueLength: 16 } },
  { job: 'wrap', weakness: { encrypt: true } },
  { job: 'wrap', weakness: { decrypt: true } },
]

const pairWeaknesses: readonly Weakness[] = [
  { job: 'wrap-pair', weakness: { encrypt: true } },
  { job: 'wrap-pair', weakness: { decrypt: true } },
  { job: 'wrap-pair', weakness: { extractable: true } },
]

const edwardsWeaknesses: readonly Weakness[] = [
  { job: 'sign-ed25519', weakness: { extractable: true } },
  { job: 'sign-ed25519', weakness: { derive: true } },
]

const recoveryWeaknesses: readonly Weakness[] = [
  { job: 'recover', weakness: { extractable: true } },
  { job: 'recover', weakness: { unwrap: true } },
  { job: 'recover', weakness: { sign: true } },
  { job: 'recover', weakness: {}, bits: 2048 },
]

/** What the refusal says is wrong. */
const faultOf = ({ weakness, bits }: Weakness): string =>
  bits === undefined ? `another ${Object.keys(weakness).join(', ')} than` : 'is shorter than 3072 bits'

async function refusesEach(trial: Trial, weak: readonly Weakness[]): Promise<void> {
  for (const [index, one] of weak.entries()) {
    const app = `${trial.connection.app}-weak-${index}`
    const label = `strongroom/${app}/${one.job}/v1`
    if (makeWeakKey(trial, { ...one, label }) === 'refused') {
      trial.note(`the token itself makes no such key: ${one.job} key of ${faultOf(one)} it must have`)
      continue
    }
    const attempt = provisionKeys({ ...trial.connection, app, needs: [needOf(one.job)], existing: [] })
    const names = (error: unknown): boolean =>
      error instanceof HsmRefusal &&
      error.reason === 'key-unfit' &&
      [label, faultOf(one)].every((part) => error.message.includes(part))
    await rejects(attempt, names, `${one.job} key: ${faultOf(one)} it must have`)
  }
}

export const weakKeys = promisesOf(
  { area: 'provisioning', needs: ['seal', 'wrap'] },
  {
    'a seal or wrap key that may do more than its job, or is short, is refused by name': (trial) =>
      refusesEach(trial, secretWeaknesses),

    'a weak key in the place of a recorded one is refused at start as well': async (trial) => {
      const { keys } = await makeAside(trial, [needOf('wrap')])
      const record = recordOf(keys, 'wrap')
      destroyLabelled(trial.session(), record)
      const weak = { job: 'wrap', label: record.label, weakness: { decrypt: true } } as const
      if (makeWeakKey(trial, weak) === 'made') await isRefused(trial.open({ keys }), 'key-unfit')
    },
  },
)

export const weakPairKeys = promisesOf(
  { area: 'provisioning', needs: ['wrap-pair'] },
  {
    'a key that wraps private keys and may do more is refused by name': (trial) =>
      isKeyless(recordOf(trial.keys, 'wrap-pair')) ? trial.note(PAIRS_ARE_DRAWN) : refusesEach(trial, pairWeaknesses),
  },
)

export const weakEdwardsKeys = promisesOf(
  { area: 'provisioning', needs: ['sign-ed25519'] },
  {
    'an Ed25519 key that may do more than sign is refused by name': (trial) => refusesEach(trial, edwardsWeaknesses),
  },
)

export const weakRecoveryKeys = promisesOf(
  { area: 'provisioning', needs: ['recover'] },
  {
    'a recovery key that may do more than decrypt, or is short, is refused by name': (trial) =>
      refusesEach(trial, recoveryWeaknesses),
  },
)
