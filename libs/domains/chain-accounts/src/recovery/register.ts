import { implement, Refusal, reply } from '@strongroom/http'
import { countKeys, findKey, findKeys, insertKey } from '../accounts/keys-store.ts'
import { drawKey } from '../accounts/new-key.ts'
import { renewKey } from '../accounts/renew-keys.ts'
import { keyView } from '../keys/views.ts'
import { keyBytes } from '../public-key.ts'
import { invalidRequest } from '../refusals.ts'
import { readSigner, type SignDeps } from '../sign/signer.ts'
import { registerRecoveryKey } from './contract.ts'

/** Of one account, until they are revoked. */
const MOST = 3

/** Its public half alone is told us: the private half stays in the person’s cloud. It counts once it counts on the chain. */
export const register = implement<SignDeps>()(registerRecoveryKey, async ({ proof, body }, deps) => {
  const { database, hsm, policies, newId } = deps
  const signer = await readSigner(deps, proof)
  if (signer instanceof Refusal) return signer
  const { account } = signer
  const { publicKey: hex, cloudKey } = body.recoveryKey
  const publicKey = keyBytes(hex)
  const known = await findKey(database.reading, { accountId: account.id, publicKey })
  if (known && (known.type !== 'recover-key' || known.state === 'revoked')) return invalidRequest()
  const isKept = known?.state === 'active' || (known !== undefined && (await renewKey(database, known.id)))
  if (!isKept) {
    const wish = {
      id: newId(),
      state: 'pending',
      type: 'recover-key',
      kind: 'cloud',
      publicKey,
      data: { cloudKey },
    } as const
    const drawn = await drawKey(hsm, account, wish)
    const added = await database.transaction(async (tx) => {
      const count = await countKeys(tx, account.id)
      const others = (await findKeys(tx, account.id)).filter(({ type }) => type === 'recover-key')
      if (count >= policies.keys || others.length >= MOST) return invalidRequest()
      return (await insertKey(tx, drawn)) ? undefined : invalidRequest()
    })
    if (added) return added
  }
  const keys = await findKeys(database, account.id)
  const views = await Promise.all(
    keys.map((key) => keyView(hsm, { owner: account, app: proof.app, seenBy: proof.keyId }, key)),
  )
  return reply(200, { keys: views })
})
