import { readStrkey } from '@strongroom/proofs'
import type { Answer } from '../attacker/ask.ts'
import { signerChange } from '../attacker/identity-envelope.ts'
import { type IdentityKey, newIdentityKey } from '../attacker/identity-key.ts'
import {
  call,
  followLink,
  type IdentityOwner,
  type IdentityPlace,
  linkTo,
  mustAnswer,
  newIdentityOwner,
  newWallet,
  passing,
  questionOf,
  settleOwner,
  signUp,
} from '../attacker/identity-people.ts'
import { newAddress } from '../attacker/people.ts'
import type { Randomness } from '../attacker/randomness.ts'

export interface KeptAttack {
  readonly place: IdentityPlace
  readonly randomness: Randomness
  readonly networkPassphrase: string
}

interface Shown {
  readonly data: { readonly id: string; readonly attributes: Readonly<Record<string, unknown>> }
}
const shownIn = ({ body }: Answer) => (JSON.parse(body) as Shown).data

/** An account that a stored key signs for beside its owner. */
export interface Shared {
  readonly owner: IdentityOwner
  /** `G…` */
  readonly stored: string
}

/** Two of them, each with the other's stored key as a signer too: an owner may add anybody's. */
export async function settleShared(attack: KeptAttack): Promise<readonly [Shared, Shared]> {
  const both = [await storeKey(attack), await storeKey(attack)] as const
  for (const { owner } of both)
    for (const [index, { stored }] of both.entries()) {
      const { accountId: account, signer: by } = owner
      const tx = signerChange({ ...attack, account, by, adds: [stored], identity: index + 2 })
      await mustAnswer(call(attack.place, 'POST /v3/transactions', { body: { tx } }), 200)
    }
  return both
}

async function storeKey({ place, randomness }: KeptAttack): Promise<Shared> {
  const owner = await settleOwner(place, randomness)
  const body = { data: { type: 'signer', attributes: { role_id: 2, weight: 1000 } } }
  const path = `POST /integrations/multisig/accounts/${owner.accountId}/signers` as const
  return { owner, stored: shownIn(await mustAnswer(call(place, path, { by: owner.signer, body }), 200)).id }
}

/** Which of some keys signed what somebody has co-signed, for an account that is his or not. */
export async function cosignersOf(
  { place, networkPassphrase }: KeptAttack,
  { by, account, keys }: { readonly by: IdentityOwner; readonly account: string; readonly keys: readonly string[] },
): Promise<string[]> {
  const adds = [newIdentityKey().id]
  const tx = signerChange({ networkPassphrase, account, by: by.signer, adds, identity: 9 })
  const question = () => questionOf(place, 'POST /integrations/multisig/transactions', { body: { tx } })
  const answer = await passing(place, question, { password: by.factor })
  if (answer.status !== 200) return []
  const signed = Buffer.from(String(shownIn(answer).attributes['envelope_xdr']), 'base64')
  return keys.filter((key) => signed.includes(signatureHeadOf(key)))
}

/** How a DecoratedSignature begins: the last bytes of its key, and its length. */
const signatureHeadOf = (key: string): Buffer =>
  Buffer.concat([readStrkey('account', key)?.subarray(-4) ?? Buffer.alloc(4), Buffer.of(0, 0, 0, 64)])

/** Somebody whose wallet waits to be given the account that was made for the address. */
export interface Adopter {
  readonly owner: IdentityOwner
  /** `G…`: nobody's so far. */
  readonly account: string
  readonly link: { readonly token: string; readonly walletId: string }
}

export async function settleAdopter({ place, randomness }: KeptAttack): Promise<Adopter> {
  const email = newAddress(randomness)
  const made = await mustAnswer(call(place, 'POST /identities', { body: { data: { attributes: { email } } } }), 200)
  const owner = newIdentityOwner(randomness, { email })
  await mustAnswer(signUp(place, owner), 201)
  return { owner, account: String(shownIn(made).attributes['address']), link: await linkTo(place, email) }
}

/** Both follow the links that were mailed to them: how that was answered, and who signs for each account then. */
export async function adoptBoth({ place }: KeptAttack, people: readonly Adopter[]) {
  const statuses: number[] = []
  for (const { link } of people) statuses.push((await followLink(place, link)).status)
  const signers: string[] = []
  for (const { account } of people) {
    const { body } = await mustAnswer(call(place, `GET /v3/accounts/${account}/signers`), 200)
    const { data } = JSON.parse(body) as { data: { id: string }[] }
    signers.push(data.map(({ id }) => nameOf(people, id)).join(', '))
  }
  return { statuses, signers }
}

const nameOf = (people: readonly Adopter[], key: string): string => {
  const index = people.findIndex(({ owner }) => owner.signer.id === key)
  return index < 0 ? 'nobody' : (['the first', 'the second'][index] ?? 'another')
}

/** Two who were invited; for one of them an account waits, the other reads his own mail only. */
export interface Invited {
  readonly thief: string
  readonly victim: string
}

const GENERAL = { type: 'general-invite' }
const toSale = (id: string) => ({
  type: 'whitelist-invite',
  relationships: { sales: { data: { type: 'sale', id } } },
})

/** Both to the same, or each to another: what an invite is to is part of what its address is sealed to. */
export async function inviteBoth(
  { place, randomness }: KeptAttack,
  { admin, alike }: { readonly admin: IdentityKey; readonly alike: readonly boolean[] },
): Promise<readonly Invited[]> {
  const invited = alike.map(() => ({ thief: newAddress(randomness), victim: newAddress(randomness) }))
  const data = invited.flatMap(({ thief, victim }, index) => [
    { ...(alike[index] ? toSale('7') : GENERAL), attributes: { email: thief } },
    { ...toSale('7'), attributes: { email: victim } },
  ])
  await mustAnswer(call(place, 'POST /invites_multi', { by: admin, body: { data } }), 204)
  return invited
}

/** Makes accounts for all victims: from then on their invites are mailed. */
export async function makeVictims(
  { place }: KeptAttack,
  { admin, invited }: { readonly admin: IdentityKey; readonly invited: readonly Invited[] },
): Promise<void> {
  const data = invited.map(({ victim }) => ({ attributes: { email: victim } }))
  await mustAnswer(call(place, 'POST /identities/mass-create', { by: admin, body: { data } }), 200)
}

/** The tokens of invites in a mailbox: one verifies its address while a wallet is made with it. */
export async function inviteTokensTo({ place }: KeptAttack, address: string): Promise<string[]> {
  const links = (await place.textsTo(address)).flatMap((text) => /https?:\S+\/([\w-]{40,})/.exec(text)?.[1] ?? [])
  const payloads = links.map(
    (link) => JSON.parse(Buffer.from(link, 'base64url').toString('utf8')) as { type: string; meta: { token: string } },
  )
  return payloads.flatMap(({ type, meta }) => (type === 'invite-verify' ? [meta.token] : []))
}

/** Whether a token makes a verified wallet of somebody's address, and so gives the account that waits for it. */
export async function isTaken(
  { place, randomness }: KeptAttack,
  { email, token }: { readonly email: string; readonly token: string },
): Promise<boolean> {
  const { data, ...wallet } = newWallet(newIdentityOwner(randomness, { email }))
  const attributes = { ...data.attributes, verification_code: token }
  return (await call(place, 'POST /wallets', { body: { data: { ...data, attributes }, ...wallet } })).status === 201
}
