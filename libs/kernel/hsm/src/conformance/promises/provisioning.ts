import { deepEqual, equal, rejects } from 'node:assert/strict'
import { Secret } from '@strongroom/crypto'
import type { TokenTarget } from '../../connect.ts'
import { Unsupported } from '../../errors.ts'
import { makeKey } from '../../keys/make-key.ts'
import type { KeyNeed, KeyRecord } from '../../keystore.ts'
import { provisionKeys } from '../../provision-keys.ts'
import { isRefused } from '../assertions.ts'
import { makeAside, needOf } from '../keys-aside.ts'
import { accessOf, isKeyless, objectOf, recordOf } from '../token-objects.ts'
import { promisesOf } from '../token-promise.ts'
import { signsEach } from './issued-pairs.ts'
import { binding, type Trial } from '../trial.ts'

/** One for each key that the token can have. */
const everyNeed = ({ keys }: Trial) => keys.map(({ job, use }) => needOf(job, use))

const labelsOf = (keys: readonly KeyRecord[]) => keys.map(({ label }) => label)

const labelIn =
  ({ app }: Pick<TokenTarget, 'app'>) =>
  ({ job, use }: KeyNeed) =>
    ['strongroom', app, job, use, 'v1'].filter(Boolean).join('/')

export const provisioning = promisesOf(
  { area: 'provisioning', needs: ['mac'] },
  {
    'a second time makes nothing, and a further need makes its key alone': async (trial) => {
      const needs = [needOf('mac', 'code')]
      const { connection, keys } = await makeAside(trial, needs)
      deepEqual(await provisionKeys({ ...connection, needs, existing: keys }), [])
      const more = await makeAside(trial, [...needs, needOf('mac', 'invite')], keys)
      const label = `strongroom/${connection.app}/mac/invite/v1`
      deepEqual(
        more.keys.map(({ job, use, version, label: name }) => ({ job, use, version, label: name })),
        [{ job: 'mac', use: 'invite', version: 1, label }],
      )
    },

    'a key that a crash left unrecorded is adopted, not doubled, whatever its job': async (trial) => {
      const needs = everyNeed(trial)
      const { connection, keys: lost } = await makeAside(trial, needs)
      const { keys: made } = await makeAside(trial, needs)
      deepEqual(labelsOf(made), needs.map(labelIn(connection)))
      deepEqual(labelsOf(lost), labelsOf(made))
      deepEqual(await provisionKeys({ ...connection, needs, existing: lost }), [])
      await trial.open({ keys: made })
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

    'another key under a recorded label refuses to start and to provision, whatever its job': async (trial) => {
      const { open, keys, connection } = trial
      const needs = everyNeed(trial)
      for (const record of keys.filter((one) => !isKeyless(one))) {
        const checkValue = Uint8Array.from(record.checkValue, (byte) => byte ^ 0xff)
        const swapped = keys.map((key) => (key === record ? { ...key, checkValue } : key))
        await isRefused(open({ keys: swapped }), 'key-mismatch')
        await isRefused(provisionKeys({ ...connection, needs, existing: swapped }), 'key-mismatch')
      }
    },

    'two keys of one label are refused': async (trial) => {
      const { keys } = await makeAside(trial, [needOf('mac', 'code')])
      makeKey(accessOf(trial, trial.session()), recordOf(keys, 'mac'))
      await isRefused(trial.open({ keys }), 'key-ambiguous')
    },

    'a token that is not there is named': async ({ open }) => {
      await rejects(open({ tokenLabel: 'nobody' }), /no token is labelled "nobody"/)
    },

    'software is refused unless it is allowed by its model': async ({ open, traits: { description } }) => {
      if (!description.software) return void (await open({ allowSoftware: [] }))
      await isRefused(open({ allowSoftware: [] }), 'software-refused')
      const names = (error: Error) => error.message.includes(`allow the model "${description.model}"`)
      await rejects(open({ allowSoftware: ['another model'] }), names)
      await open({ allowSoftware: [description.model] })
    },

    'a keystore describes the token that it works on': async ({ shared, traits, connection }) => {
      const { executor = 'inline' } = connection
      deepEqual((await shared()).describe(), { ...traits.description, executor })
    },
  },
)

const unknown = { name: 'CKR_MECHANISM_INVALID', code: 0x70 }

export const missingCapabilities = promisesOf(
  { area: 'provisioning', needs: ['seal', 'wrap', 'mac'] },
  {
    'a token that seals by nothing is told apart, by what it does and not by its mechanism list': async (trial) => {
      const { connection, faults } = trial
      faults().fail(['C_EncryptInit', 'C_DecryptInit'], unknown)
      const attempt = provisionKeys({ ...connection, needs: everyNeed(trial), existing: [] })
      await rejects(attempt, isUnsupported(/sealing/))
    },

    'a token without key wrapping draws the keys that it issues, locks them here, and pairs sign here': async (
      trial,
    ) => {
      const { connection, open, faults, keys } = trial
      faults().fail(['C_WrapKey'], { name: 'CKR_FUNCTION_NOT_SUPPORTED', code: 0x54 })
      const existing = keys.filter(({ job }) => job !== 'wrap' && job !== 'wrap-pair')
      const drawn = await provisionKeys({ ...connection, needs: everyNeed(trial), existing })
      deepEqual(
        drawn.map(({ job, strategy }) => [job, strategy]),
        [
          ['wrap', 'sealed-random'],
          ['wrap-pair', 'sealed-scalar'],
        ],
      )
      const keystore = await open({ keys: [...existing, ...drawn] })
      const lock = { binding, factor: new Secret('1234') }
      const [issued, locked] = [await keystore.issueKey(binding), await keystore.issueLockedKey(lock)]
      equal((await keystore.openKey(issued, binding)).length, 32)
      equal((await keystore.openLockedKey(lock, locked))?.length, 32)
      await signsEach(keystore)
    },
  },
)

export const recoveryAlone = promisesOf(
  { area: 'provisioning', needs: ['recover'] },
  {
    'a recovery key never stands beside another': async (trial) => {
      const needs = [...everyNeed(trial), needOf('recover')]
      await isRefused(provisionKeys({ ...trial.connection, needs, existing: [] }), 'token-shared')
      const { keys, open } = await trial.recovery('here')
      const mixed = [...trial.keys, ...keys]
      await isRefused(trial.open({ keys: mixed }), 'token-shared')
      await isRefused(open({ keys: mixed }), 'token-shared')
      const later = provisionKeys({ ...trial.connection, needs: everyNeed(trial), existing: keys })
      await isRefused(later, 'token-shared')
    },
  },
)

const isUnsupported = (missing: RegExp) => (error: unknown) =>
  error instanceof Unsupported && missing.test(error.message)
