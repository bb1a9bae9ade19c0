import { recordEvent } from '@strongroom/audit'
import type { AccountRequest, SignatureOf } from '@strongroom/chains'
import { Refusal, type Reply, reply } from '@strongroom/http'
import type { Statements } from '@strongroom/storage'
import { renewAdded } from '../accounts/renew-keys.ts'
import { forbidden, invalidRequest } from '../refusals.ts'
import type { ChainName } from '../shapes.ts'
import { type Standing } from '../two-factor/standing.ts'
import { changeView } from './change-view.ts'
import { consentTo } from './consent.ts'
import type { Change } from './contract.ts'
import { requestRefused, requestSigned } from './events.ts'
import { type Judged, judgeRequest, judgeStanding } from './rules.ts'
import { type ServerSignature, signAsServer } from './server-signature.ts'
import type { SignDeps, Signer } from './signer.ts'

type Why = 'undecoded' | 'foreign' | 'forbidden' | 'unsigned'

/** Written down, so that whoever tries what is not theirs is seen. */
export async function refuse<R extends Refusal>(
  { database }: Pick<SignDeps, 'database'>,
  { signer, chain, why }: { readonly signer: Signer; readonly chain: string; readonly why: Why },
  refusal: R,
): Promise<R> {
  const detail = { chain, by: signer.by.id, why }
  await recordEvent(database, requestRefused, { subject: signer.account.id, detail })
  return refusal
}

/** What the caller wants signed, decoded whole, of the caller's own account and of no other. */
export async function readOwnRequest(
  deps: SignDeps,
  { signer, standing, request }: { readonly signer: Signer; readonly standing: Standing; readonly request: unknown },
): Promise<AccountRequest | Refusal<'invalid-request'> | Refusal<'forbidden'>> {
  const { chain, address } = standing
  const decoded = await chain.decode(request)
  if (!decoded) return refuse(deps, { signer, chain: chain.name, why: 'undecoded' }, invalidRequest())
  const isOwn = decoded.address.toLowerCase() === address.toLowerCase()
  return isOwn ? decoded : refuse(deps, { signer, chain: chain.name, why: 'foreign' }, forbidden())
}

/** Judged by who counts on the chain now, where it changes who does. */
export async function judgeThere(
  { chains, policies }: Pick<SignDeps, 'chains' | 'policies'>,
  { chainName, decoded, keys }: { readonly chainName: ChainName; readonly decoded: Judgeable } & Pick<Signer, 'keys'>,
): Promise<Judged> {
  const calls = judgeRequest(decoded, { keys, policies, signers: [] })
  if (calls.kind === 'calls') return calls
  const standing = await chains.get(chainName)?.readAccount(decoded.address)
  return judgeStanding(decoded, { keys, policies, standing })
}

/** What a request would do, and to which account. */
export type Judgeable = Pick<AccountRequest, 'changes' | 'address'>

export interface Cosigning<Answer> {
  readonly signer: Signer
  readonly chainName: ChainName
  readonly decoded: AccountRequest
  /** What follows from the signature, in the transaction that writes down that it was given. */
  readonly keep: (tx: Statements, signature: ServerSignature, changeId: string | undefined) => Promise<Answer>
}

export type { ServerSignature, SignatureOf }

/** Adds the server’s signature, or has a change of signers wait. The signature leaves only after it was written down. */
export async function cosign<Answer>(
  deps: SignDeps,
  { signer, chainName, decoded, keep }: Cosigning<Answer>,
): Promise<
  | { readonly signed: Answer }
  | Reply<202, { change: Change }>
  | Refusal<'forbidden'>
  | Refusal<'invalid-request'>
  | Refusal<'too-many-requests'>
> {
  const { account, keys, by } = signer
  const judged = await judgeThere(deps, { chainName, decoded, keys })
  if (judged.kind === 'forbidden') return refuse(deps, { signer, chain: chainName, why: 'forbidden' }, forbidden())
  const { message } = decoded
  const consent =
    judged.kind === 'changes'
      ? await consentTo(deps, signer, { chainName, changes: judged.changes, message })
      : undefined
  if (consent instanceof Refusal) return consent
  if (consent?.kind === 'awaited') return reply(202, { change: changeView(consent.change, keys) })
  const signature = await signAsServer(deps.hsm, account, { keys, message })
  return deps.database.transaction(async (tx) => {
    const changeId = consent && (await consent.use(tx))
    if (consent && changeId === undefined) return invalidRequest()
    // A device may have had it forgotten meanwhile: it would weigh there, and be nobody's here.
    if (judged.kind === 'changes' && !(await renewAdded(tx, account.id, judged.changes))) return invalidRequest()
    await recordEvent(tx, requestSigned, { subject: account.id, detail: { chain: chainName, by: by.id } })
    return { signed: await keep(tx, signature, changeId) }
  })
}
