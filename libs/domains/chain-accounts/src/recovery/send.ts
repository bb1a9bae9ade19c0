import { toHex } from '@strongroom/crypto'
import { implement, Refusal, reply } from '@strongroom/http'
import { endLock, isContestedNow, isGenuine, readLock } from '@strongroom/time-locks'
import { takeOf } from '../accounts/caller.ts'
import { chainOf } from '../accounts/chain-of.ts'
import type { KeyRow } from '../accounts/key-row.ts'
import { findAccount } from '../accounts/store.ts'
import { forbidden, invalidRequest, invalidSignature, notFound, unsupportedChain } from '../refusals.ts'
import { judgeThere, readOwnRequest, refuse } from '../sign/cosign.ts'
import { contestOf, holdPolicy } from '../sign/holds.ts'
import { signAsServer } from '../sign/server-signature.ts'
import { isDeadlineOf, readSignatures, relayedView } from '../sign/sign-evm.ts'
import { genuineKeys, type SignDeps } from '../sign/signer.ts'
import { insertRelayed } from '../sign/relayed-store.ts'
import { standingOn } from '../two-factor/standing.ts'
import { sendRecovery } from './contract.ts'
import { subjectOfRecovery } from './door.ts'
import { endRecovery, findHeld, type RecoveryRow } from './store.ts'
import { recoveryView } from './view.ts'

/** The login, by its token; the recovery key, by its signature; and the hold, by the token’s word for it. */
export const send = implement<SignDeps>()(sendRecovery, async ({ proof, body }, deps) => {
  const { database, hsm } = deps
  const chain = chainOf(deps, body.chainName)
  if (chain instanceof Refusal) return chain
  if (chain.type !== 'evm') return unsupportedChain()
  const limited = await takeOf(deps.requests, proof)
  if (limited) return limited
  const account = await findAccount(database.reading, proof.accountId)
  const row = account && (await findHeld(database.reading, account.id))
  if (!account || account.state === 'closed' || row?.chainName !== chain.name) return notFound()
  const keys = await genuineKeys(deps, account)
  const parties = partiesOf(row, keys)
  if (!parties) return invalidRequest()
  if (!(await isOver(deps, row, parties))) return reply(202, { recovery: recoveryView(row) })
  const standing = await standingOn(deps, account, chain)
  if (standing instanceof Refusal) return standing
  const signer = { account, keys, by: parties.recoveryKey }
  const decoded = await readOwnRequest(deps, { signer, standing, request: body.call })
  if (decoded instanceof Refusal) return decoded
  if (!isDeadlineOf(decoded, body.deadline)) return invalidRequest()
  const said = { signer, chain: chain.name }
  const judged = await judgeThere(deps, { chainName: chain.name, decoded, keys })
  const lets = judged.kind === 'changes' && judged.changes.every((one) => mayDo(one, parties, keys))
  if (!lets || !judged.changes.some(({ kind }) => kind === 'add-signer'))
    return refuse(deps, { ...said, why: 'forbidden' }, forbidden())
  const signing = { message: decoded.message, keys: [parties.recoveryKey], passkeys: undefined }
  const signatures = await readSignatures(body.signatures, signing)
  if (!signatures) return refuse(deps, { ...said, why: 'unsigned' }, invalidSignature())
  const ours = await signAsServer(hsm, account, { keys, message: decoded.message })
  return database.transaction(async (tx) => {
    // Whoever cancelled a moment ago came first.
    if (!(await endLock(tx, holdPolicy(deps.policies), { lockId: parties.lockId, as: 'done' }))) return invalidRequest()
    if (!(await endRecovery(tx, row.id))) return invalidRequest()
    const all = [...signatures.map(({ signature }) => signature), ours]
    const id = await chain.queueRequest(tx, body.call, { signatures: all, charge: { appId: account.appId } })
    await insertRelayed(tx, { id, accountId: account.id, chainName: chain.name, message: decoded.message })
    return reply(200, { transaction: await relayedView(tx, chain, id) })
  })
})

interface Parties {
  readonly recoveryKey: KeyRow
  readonly newKey: KeyRow
  readonly lockId: string
}

function partiesOf({ recoveryKey, newKey, lockId }: RecoveryRow, keys: readonly KeyRow[]): Parties | undefined {
  const by = keys.find(({ id, type, state }) => id === recoveryKey && type === 'recover-key' && state === 'active')
  const added = keys.find(({ id, type, state }) => id === newKey && type === 'user-key' && state === 'pending')
  return by && added && lockId !== null ? { recoveryKey: by, newKey: added, lockId } : undefined
}

/** @throws Error where the hold is not the one that the token vouches for. */
async function isOver(
  { database, hsm, policies }: SignDeps,
  row: RecoveryRow,
  { recoveryKey, newKey, lockId }: Parties,
): Promise<boolean> {
  const lock = await readLock(database.reading, lockId)
  if (!lock) return false
  const facts = { chainName: row.chainName ?? '', recoveryKey: recoveryKey.id, newKey: newKey.publicKey }
  const isOurs = lock.subject === subjectOfRecovery(row, facts) && lock.holder === recoveryKey.id
  if (!isOurs || !(await isGenuine(hsm, holdPolicy(policies), lock)))
    throw new Error('the hold of a recovery is not as we wrote it')
  if (!lock.open || lock.contested) return false
  // Whoever has a person’s cloud would else ask until one message is overlooked.
  const contest = contestOf({ accountId: row.accountId, askedBy: recoveryKey.id })
  return !(await isContestedNow(database.reading, holdPolicy(policies), contest))
}

/** The one new key comes; devices that were lost may go with it, and nothing else. */
function mayDo(
  change: { readonly kind: 'add-signer' | 'remove-signer'; readonly publicKey: string },
  { newKey }: Parties,
  keys: readonly KeyRow[],
): boolean {
  if (change.kind === 'add-signer') return change.publicKey === toHex(newKey.publicKey)
  const key = keys.find(({ publicKey }) => toHex(publicKey) === change.publicKey)
  return key?.type === 'user-key' && key.id !== newKey.id
}
