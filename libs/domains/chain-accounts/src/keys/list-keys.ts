import { implement, reply } from '@strongroom/http'
import { takeOf } from '../accounts/caller.ts'
import { findKeys } from '../accounts/keys-store.ts'
import { listKeys } from './contract.ts'
import { type KeyDeps, ownerBy } from './devices.ts'
import { keyView } from './views.ts'

export const keys = implement<KeyDeps>()(listKeys, async ({ proof, query }, { database, hsm, requests }) => {
  const limited = await takeOf(requests, proof)
  if (limited) return limited
  const which = query.include_revoked === 'true' ? 'all' : 'live'
  const rows = await findKeys(database.reading, proof.accountId, which)
  const owner = ownerBy(proof)
  return reply(200, {
    keys: await Promise.all(rows.map((key) => keyView(hsm, { owner, app: proof.app, seenBy: proof.keyId }, key))),
  })
})
