import { ask } from '../attacker/ask.ts'
import { newCaller } from '../attacker/callers.ts'
import type { IdentityKey } from '../attacker/identity-key.ts'
import {
  call,
  factorsUrl,
  type IdentityOwner,
  type IdentityPlace,
  mustAnswer,
  newIdentityOwner,
  newTotp,
  passing,
  questionOf,
  signUp,
  sized,
  walletBody,
} from '../attacker/identity-people.ts'
import { newAddress } from '../attacker/people.ts'
import type { Randomness } from '../attacker/randomness.ts'
import { recoveryOf } from './identity-code-guessing.ts'

export interface IdentityBombing {
  readonly place: IdentityPlace
  readonly randomness: Randomness
  /** Makes sure that all that is to be sent was sent. */
  readonly settled: () => Promise<void>
}

/** Most providers put all of these into one mailbox. */
const spellingsOf = (address: string): string[] => {
  const [name = '', domain = ''] = address.split('@')
  return [
    address,
    `${name.toUpperCase()}@${domain}`,
    `${name}+a@${domain}`,
    `${name}+b+c@${domain}`,
    `${name}@${domain.toUpperCase()}`,
  ]
}

const received = async ({ textsTo }: IdentityPlace, addresses: readonly string[]): Promise<number> =>
  (await Promise.all(addresses.map(async (address) => textsTo(address)))).flat().length

/** Case 18: wallets made with an address that is somebody else's, and mails asked for again, under many spellings, from many callers. */
export async function bombBySigningUp({
  place,
  randomness,
  settled,
}: IdentityBombing): Promise<{ asked: number; received: number }> {
  const addresses = spellingsOf(newAddress(randomness))
  let asked = 0
  for (const email of addresses) {
    const owner = newIdentityOwner(randomness, { email })
    const made = await signUp(place, owner)
    if (made.status !== 201) continue
    for (let again = 0; again < 12; again++, asked++)
      await call(place, `POST /wallets/${owner.walletId}/verification`, {
        body: {},
        headers: { 'x-forwarded-for': newCaller() },
      })
  }
  await settled()
  return { asked, received: await received(place, addresses) }
}

/** By whoever made a wallet with an address that nobody verified: factors come and go, and each time the owner would be told. */
export async function bombByFactors(
  { place, settled }: IdentityBombing,
  owner: IdentityOwner,
  rounds: number,
): Promise<number> {
  await settled()
  const before = (await place.textsTo(owner.email)).length
  for (let round = 0; round < rounds; round++) {
    const { id } = await newTotp(place, owner)
    await call(place, `DELETE ${factorsUrl(owner)}/${id}`, { by: owner.signer })
  }
  await settled()
  return (await place.textsTo(owner.email)).length - before
}

/** Somebody with a wallet asks for other addresses, each of somebody else. */
export async function bombByMoving(
  { place, randomness, settled }: IdentityBombing,
  owner: IdentityOwner,
  rounds: number,
): Promise<{ mailed: number; told: number }> {
  const before = (await place.textsTo(owner.email)).length
  const strangers: string[] = []
  for (let round = 0; round < rounds; round++) {
    const next = newIdentityOwner(randomness, { signer: owner.signer, accountId: owner.accountId })
    strangers.push(next.email)
    const moving = () => questionOf(place, `POST /wallets/${owner.walletId}`, { body: walletBody(next) })
    await passing(place, moving, { password: owner.factor })
  }
  await settled()
  return { mailed: await received(place, strangers), told: (await place.textsTo(owner.email)).length - before }
}

/** Recoveries of a wallet that is somebody else's, each by another key and from elsewhere. */
export async function bombByRecoveries(
  { place, randomness, settled }: IdentityBombing,
  owner: IdentityOwner,
  rounds: number,
): Promise<number> {
  await settled()
  const before = (await place.textsTo(owner.email)).length
  for (let round = 0; round < rounds; round++) {
    const question = recoveryOf(place, owner, randomness).question()
    await ask({ ...question, headers: { ...question.headers, 'x-forwarded-for': newCaller() } })
  }
  await settled()
  return (await place.textsTo(owner.email)).length - before
}

export interface Seller {
  readonly owner: IdentityOwner
  /** Ids of sales that are his. */
  readonly sales: readonly string[]
}

/**
 * By the owner of sales: everybody may have accounts made for an address, under each spelling, and so whom he invites is mailed
 * at once; what he takes back he invites to again.
 */
export async function bombByInvites(
  { place, randomness, settled }: IdentityBombing,
  { owner, sales }: Seller,
  rounds: number,
): Promise<{ asked: number; received: number }> {
  const { signer: by } = owner
  const addresses: string[] = []
  for (const email of spellingsOf(newAddress(randomness)))
    if ((await call(place, 'POST /identities', { body: { data: { attributes: { email } } } })).status === 200)
      addresses.push(email)
  let asked = 0
  for (let round = 0; round < rounds; round++) {
    const data = addresses.flatMap((email) => sales.map((sale) => inviteTo(sale, email)))
    await mustAnswer(call(place, 'POST /invites_multi', { by, body: { data } }), 204)
    asked += data.length
    await settled()
    for (const sale of sales) await takeInvitesBack(place, { by, sale })
  }
  return { asked, received: await received(place, addresses) }
}

const inviteTo = (sale: string, email: string) => ({
  type: 'whitelist-invite',
  attributes: { email },
  relationships: { sales: { data: { type: 'sale', id: sale } } },
})

async function takeInvitesBack(
  place: IdentityPlace,
  { by, sale }: { readonly by: IdentityKey; readonly sale: string },
): Promise<void> {
  const found = await mustAnswer(call(place, `GET /invites?filter[sale-id]=${sale}&page[limit]=100`, { by }), 200)
  const { data } = JSON.parse(found.body) as { data: { id: string; type: string }[] }
  const body = { data: data.map(({ id, type }) => ({ id, type })) }
  await mustAnswer(ask(sized(questionOf(place, 'DELETE /invites', { by, body }))), 204)
}
