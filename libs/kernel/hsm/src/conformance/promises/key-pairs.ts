import { given, isRefused } from '../assertions.ts'
import { makeKey } from '../../keys/make-key.ts'
import type { KeyJob, KeyRecord } from '../../keystore.ts'
import { CKO } from '../../pkcs11/cryptoki.ts'
import { makeAside, needOf } from '../keys-aside.ts'
import { accessOf, objectOf } from '../token-objects.ts'
import { promisesOf } from '../token-promise.ts'
import type { Trial } from '../trial.ts'

/** A recorded pair whose private half was replaced by that of another, under the same label. */
async function makeMismatched(trial: Trial, job: KeyJob, use?: string): Promise<readonly KeyRecord[]> {
  const { keys } = await makeAside(trial, [needOf(job, use)])
  const record = given(keys[0], `${job} key`)
  const session = trial.session()
  const publicHalves = () => session.findObjects({ class: CKO.publicKey, token: true, label: record.label })
  const own = given(publicHalves()[0], 'public half')
  session.destroyObject(objectOf(session, record))
  makeKey(accessOf(trial, session), record)
  for (const half of publicHalves()) if (!half.equals(own)) session.destroyObject(half)
  return keys
}

const area = 'provisioning'

export const signingPairs = promisesOf(
  { area, needs: ['sign'] },
  {
    'a signing key that does not belong to the recorded public half refuses to start': async (trial) =>
      isRefused(trial.open({ keys: await makeMismatched(trial, 'sign', 'audit') }), 'key-mismatch'),
  },
)

export const recoveryPairs = promisesOf(
  { area, needs: ['recover'] },
  {
    'a recovery key that does not belong to the recorded public half refuses to start': async (trial) => {
      const { open } = await trial.recovery('here')
      await isRefused(open({ keys: await makeMismatched(trial, 'recover') }), 'key-mismatch')
    },
  },
)
