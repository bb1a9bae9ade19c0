import { deepEqual, rejects } from 'node:assert/strict'
import { findMarks } from '../../keys/epoch-marks.ts'
import type { Keystore } from '../../keystore.ts'
import { provisionKeys } from '../../provision-keys.ts'
import { promisesOf } from '../token-promise.ts'
import type { Trial } from '../trial.ts'

const UNKEPT = 'no epoch is kept: a database that was restored from an older copy is not noticed by this token'

/** `undefined`, and a note, where the token keeps marks in no form. What is left on the token is destroyed afterwards. */
async function raiseTo(trial: Trial, keystore: Keystore, to: number): Promise<number | undefined> {
  trial.afterwards(() => {
    const session = trial.session()
    for (const { object } of findMarks(session, trial.connection.app)) session.destroyObject(object)
  })
  const [told] = await keystore.raiseEpochs(to)
  if (told?.number === undefined) trial.note(UNKEPT)
  return told?.number
}

export const epochs = promisesOf(
  { area: 'epochs', needs: [] },
  {
    'an epoch that was raised is there after a restart, does not fall, and is one mark alone': async (trial) => {
      const keystore = await trial.open()
      if ((await raiseTo(trial, keystore, 2)) === undefined) return
      await keystore.raiseEpochs(3)
      const again = await trial.open()
      const numberOf = async () => (await again.epochs()).map(({ number }) => number)
      deepEqual(await numberOf(), [3])
      await again.raiseEpochs(1)
      deepEqual(await numberOf(), [3])
      deepEqual(
        findMarks(trial.session(), trial.connection.app).map(({ number }) => number),
        [3],
      )
    },

    'no key is made for a database that says less than the token': async (trial) => {
      const keystore = await trial.open()
      const { connection, keys } = trial
      if ((await raiseTo(trial, keystore, 5)) === undefined) return
      const provision = (epoch: number) => provisionKeys({ ...connection, needs: keys, existing: keys, epoch })
      await rejects(provision(4), /the database is at epoch 4 .* at 5/)
      deepEqual(await provision(5), [])
    },
  },
)
