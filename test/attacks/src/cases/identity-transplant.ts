import { ask } from '../attacker/ask.ts'
import {
  answerTo,
  call,
  demandIn,
  enableTotp,
  factorsUrl,
  type IdentityOwner,
  type IdentityPlace,
  mustAnswer,
  openWallet,
  passing,
  passwordOtp,
  setPriority,
  settleOwner,
  type Totp,
} from '../attacker/identity-people.ts'
import { totpOf } from '../attacker/identity-key.ts'
import type { Randomness } from '../attacker/randomness.ts'

/** Somebody with a wallet that TOTP guards, and a session of it, where the server keeps any. */
export interface GuardedOwner {
  readonly owner: IdentityOwner
  readonly totp: Totp
  readonly session?: { readonly id: string; readonly key: string }
}

export async function settleGuarded(place: IdentityPlace, randomness: Randomness): Promise<GuardedOwner> {
  const owner = await settleOwner(place, randomness)
  const totp = await enableTotp(place, owner)
  const opened = await mustAnswer(
    passing(place, () => openWallet(place, owner.walletId), { totp: totp.secret }),
    200,
  )
  const { included = [] } = JSON.parse(opened.body) as {
    included?: { id: string; attributes: { encryption_key: string } }[]
  }
  const [session] = included
  return { owner, totp, ...(session && { session: { id: session.id, key: session.attributes.encryption_key } }) }
}

export type TwoGuarded = readonly [GuardedOwner, GuardedOwner]

export interface IdentityTransplant {
  readonly place: IdentityPlace
  /** Each is put to the test on two people of its own, and moves back by the same call. Throws if the database forbids it. */
  readonly moves: Readonly<Record<string, (people: TwoGuarded) => Promise<unknown>>>
  readonly randomness: Randomness
}

export interface IdentityVerdict {
  /** Moves by which somebody was given what is another's, and what that was. */
  readonly foreign: string[]
  readonly forbidden: string[]
  /** Moves after which somebody does not open as before when all is back in place. */
  readonly broken: string[]
}

const AT_ONCE = 3

/** Case 7: rows and columns of two people exchanged by whoever can write SQL, who then asks for all that is the other's. */
export async function transplantIdentity(attack: IdentityTransplant): Promise<IdentityVerdict> {
  const verdict: IdentityVerdict = { foreign: [], forbidden: [], broken: [] }
  const left = Object.entries(attack.moves)
  const work = async () => {
    for (let next = left.shift(); next; next = left.shift()) await tryMove(attack, next, verdict)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return verdict
}

async function tryMove(
  { place, randomness }: IdentityTransplant,
  [name, move]: [string, IdentityTransplant['moves'][string]],
  { foreign, forbidden, broken }: IdentityVerdict,
): Promise<void> {
  const people = [await settleGuarded(place, randomness), await settleGuarded(place, randomness)] as const
  try {
    await move(people)
  } catch {
    return void forbidden.push(name)
  }
  for (const [mine, theirs] of [people, [people[1], people[0]]] as const)
    foreign.push(...(await reachFor({ place, mine, theirs })).map((what) => `${name}: ${what}`))
  await move(people)
  for (const { owner, totp } of people) {
    const opened = await passing(place, () => openWallet(place, owner.walletId), { totp: totp.secret })
    if (!opened.body.includes(owner.keychain)) broken.push(name)
  }
}

interface Reach {
  readonly place: IdentityPlace
  readonly mine: GuardedOwner
  readonly theirs: GuardedOwner
}

/** By all that one has oneself; of the other one knows the password at most. */
async function reachFor({ place, mine, theirs }: Reach): Promise<string[]> {
  const won: string[] = []
  const isTheirs = (body: string): boolean =>
    [theirs.owner.keychain, theirs.owner.email, theirs.owner.accountId].some((secret) => body.includes(secret))

  for (const walletId of [mine.owner.walletId, theirs.owner.walletId]) {
    const opened = await tryWith(place, walletId, mine)
    if (isTheirs(opened))
      won.push(walletId === mine.owner.walletId ? 'their wallet by my id' : 'their wallet, without their TOTP')
  }
  if (mine.session) {
    const { body } = await call(place, `GET /sessions/${mine.session.id}`)
    if (theirs.session && body.includes(theirs.session.key)) won.push('their session key')
  }

  // What is demanded of me shows what proves the password: mine, that is.
  const asked = await call(place, `POST ${factorsUrl(mine.owner)}`, {
    by: mine.owner.signer,
    body: { data: { type: 'email' } },
  })
  if (asked.body.includes(theirs.owner.factorKeychain)) won.push('their password factor')
  const demand = demandIn(asked)
  if (demand) {
    const proven = await answerTo(place, demand, passwordOtp(theirs.owner.factor, demand))
    if (proven.status === 204) won.push('my wallet, to them')
  }

  const change = (walletId: string) =>
    ask(setPriority(place, { walletId, signer: mine.owner.signer }, { id: theirs.totp.id, priority: 0 }))
  const under = await change(theirs.owner.walletId)
  if (under.status === 204 || demandIn(under)) won.push('their TOTP factor')
  // Under my own wallet the number may have come to be mine; theirs it is if it is their seed that answers.
  const number = await change(mine.owner.walletId)
  const seed = demandIn(number)
  if (seed) {
    await place.forgetSteps?.()
    const proven = await answerTo(place, seed, totpOf(theirs.totp.secret))
    if (proven.status === 204) won.push('their TOTP factor, under my wallet')
  } else if (number.status === 204) won.push('their TOTP factor')
  const settings = await call(place, `GET /identities/${theirs.owner.accountId}/settings`, { by: mine.owner.signer })
  if (settings.status === 200) won.push('their account')
  return won
}

/** Opens a wallet by its id and my TOTP. */
async function tryWith(place: IdentityPlace, walletId: string, { totp }: GuardedOwner): Promise<string> {
  const asked = await ask(openWallet(place, walletId))
  const demand = demandIn(asked)
  if (!demand) return asked.body
  await place.forgetSteps?.()
  await answerTo(place, demand, totpOf(totp.secret))
  return (await ask(openWallet(place, walletId))).body
}
