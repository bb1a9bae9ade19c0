import { deepEqual, equal, rejects } from 'node:assert/strict'
import { HsmRefusal } from '../../errors.ts'
import { makeKey } from '../../keys/make-key.ts'
import type { KeyJob, KeyNeed } from '../../keystore.ts'
import type { Attributes } from '../../pkcs11/template.ts'
import { provisionKeys } from '../../provision-keys.ts'
import { isRefused } from '../assertions.ts'
import { destroyLabelled, makeWeakKey, objectOf, recordOf } from '../token-objects.ts'
import { promisesOf } from '../token-promise.ts'
import type { Trial } from '../trial.ts'

const needOf = (job: KeyJob, use = ''): KeyNeed => ({ job, use })

/** Keys of an app that nothing else uses; gone afterwards. */
async function makeAside(trial: Trial, needs: readonly KeyNeed[]) {
  const connection = { ...trial.connection, app: `${trial.connection.app}-aside` }
  const keys = await provisionKeys({ ...connection, needs, existing: [] })
  trial.afterwards(() => {
    const session = trial.session()
    for (const key of keys) destroyLabelled(session, key)
  })
  return { connection, keys }
}

export const provisioning = promisesOf(
  { area: 'provisioning', needs: ['mac'] },
  {
    'a second time makes nothing, and a further need makes its key alone': async (trial) => {
      const { connection, keys } = await makeAside(trial, [needOf('mac', 'code')])
      deepEqual(await provisionKeys({ ...connection, needs: [needOf('mac', 'code')], existing: keys }), [])
      const more = await makeAside(trial, [needOf('mac', 'invite')])
      equal(more.keys.length, 1, 'another number of keys')
      equal(more.keys[0]?.use, 'invite')
    },

    'a key that a crash left unrecorded is adopted, not doubled': async (trial) => {
      const needs = [needOf('mac', 'code')]
      const lost = await makeAside(trial, needs)
      const made = await makeAside(trial, needs)
      deepEqual(made.keys, lost.keys)
    },

    'a recorded key that is gone is never replaced': async (trial) => {
      const needs = [needOf('mac', 'code')]
      const { connection, keys } = await makeAside(trial, needs)
      const session = trial.session()
      session.destroyObject(objectOf(session, recordOf(keys, 'mac')))
      await isRefused(provisionKeys({ ...connection, needs, existing: keys }), 'key-missing')
      await isRefused(trial.open({ keys }), 'key-missing')
      equal(session.findObjects({ token: true, label: recordOf(keys, 'mac').label }).length, 0, 'it was replaced')
    },

    'another key under a recorded label refuses to start, whatever its job': async ({ open, keys }) => {
      for (const record of keys) {
        const checkValue = Uint8Array.from(record.checkValue, (byte) => byte ^ 0xff)
        const swapped = keys.map((key) => (key === record ? { ...key, checkValue } : key))
        await isRefused(open({ keys: swapped }), 'key-mismatch')
      }
    },

    'two keys of one label are refused': async (trial) => {
      const { keys } = await makeAside(trial, [needOf('mac', 'code')])
      const { capabilities, traits } = trial
      const access = { capabilities, mechanismLists: traits.mechanismLists, software: traits.description.software }
      makeKey({ session: trial.session(), ...access }, recordOf(keys, 'mac'))
      await isRefused(trial.open({ keys }), 'key-ambiguous')
    },

    'a token that is not there is named': async ({ open }) => {
      await rejects(open({ tokenLabel: 'nobody' }), /no token is labelled "nobody"/)
    },

    'software is refused unless it is allowed by its model': async ({ open, traits: { description } }) => {
      if (!description.software) return void (await open({ allowSoftware: [] }))
      await isRefused(open({ allowSoftware: [] }), 'software-refused')
      await open({ allowSoftware: [description.model] })
    },
  },
)

interface Weakness {
  readonly job: KeyJob
  readonly weakness: Attributes
  readonly bits?: number
}

const weaknesses: readonly Weakness[] = [
  { job: 'seal', weakness: { extractable: true } },
  { job: 'seal', weakness: { wrap: true } },
  { job: 'seal', weakness: { valueLength: 16 } },
  { job: 'wrap', weakness: { encrypt: true } },
  { job: 'wrap', weakness: { decrypt: true } },
]

const pairWeaknesses: readonly Weakness[] = [
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
      error instanceof HsmRefusal && [label, faultOf(one)].every((part) => error.message.includes(part))
    await rejects(attempt, names, `${one.job} key: ${faultOf(one)} it must have`)
  }
}

export const weakKeys = promisesOf(
  { area: 'provisioning', needs: ['seal', 'wrap'] },
  {
    'a seal or wrap key that may do more than its job, or is short, is refused by name': (trial) =>
      refusesEach(trial, weaknesses),
  },
)

export const weakRecoveryKeys = promisesOf(
  { area: 'provisioning', needs: ['recover'] },
  {
    'a recovery key that may do more than decrypt, or is short, is refused by name': (trial) =>
      refusesEach(trial, pairWeaknesses),

    'a recovery key never stands beside another': async (trial) => {
      const needs = [needOf('recover'), needOf('seal')]
      await isRefused(provisionKeys({ ...trial.connection, needs, existing: [] }), 'token-shared')
      const { keys } = await trial.recovery('here')
      await isRefused(trial.open({ keys: [...trial.keys, ...keys] }), 'token-shared')
    },
  },
)
