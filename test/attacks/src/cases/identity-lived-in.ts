import { ask, type Answer } from '../attacker/ask.ts'
import { Aviary, type Canary } from '../attacker/canaries.ts'
import { signedBy } from '../attacker/identity-key.ts'
import { signerChange } from '../attacker/identity-envelope.ts'
import {
  answerTo,
  call,
  changedWallet,
  type Demand,
  demandIn,
  enableTotp,
  factorsUrl,
  followLink,
  type IdentityOwner,
  type IdentityPlace,
  keychainOf,
  linkTo,
  mustAnswer,
  newestCode,
  newIdentityOwner,
  openWallet,
  passing,
  questionOf,
  recoveryWallet,
  signUp,
  walletBody,
} from '../attacker/identity-people.ts'
import { newAddress } from '../attacker/people.ts'
import type { Randomness } from '../attacker/randomness.ts'
import { walletIdOf, type WalletLogin } from '../attacker/wallet-passwords.ts'

export interface IdentityLivedIn {
  readonly place: IdentityPlace
  readonly networkPassphrase: string
  readonly randomness: Randomness
}

export interface LivedInIdentity {
  readonly canaries: readonly Canary[]
  readonly codes: readonly string[]
  readonly login: WalletLogin
  readonly keys: readonly string[]
}

/** Case 5: a world in which everything has happened once, and what nobody may find in what it left. */
export async function liveInIdentity({
  place,
  networkPassphrase,
  randomness,
}: IdentityLivedIn): Promise<LivedInIdentity> {
  const aviary = new Aviary(randomness)
  const hex = (name: string, text: string) => {
    aviary.watch(name, Buffer.from(text))
    aviary.watch(`${name}, its bytes`, Buffer.from(text, 'hex'))
  }
  const named = (name: string, known: Partial<IdentityOwner> = {}): IdentityOwner => {
    const owner = newIdentityOwner(randomness, {
      keychain: keychainOf(aviary.release(`keychain ${name}`)),
      factorKeychain: keychainOf(aviary.release(`keychain of the password ${name}`)),
      ...known,
    })
    hex(`id ${name}`, owner.walletId)
    if (known.email === undefined) aviary.watch(`address ${name}`, Buffer.from(owner.email))
    return owner
  }
  const told = (answer: Answer): Answer => {
    watchAnswer(answer, aviary, hex)
    return answer
  }
  const email = newAddress(randomness)
  aviary.watch('address', Buffer.from(email))
  const salt = Buffer.from(Array.from({ length: 16 }, () => randomness.integer(256))).toString('base64')
  const login = { email, salt, password: 'tr0ub4dor&3' }
  const owner = named('first', { email, salt, walletId: walletIdOf(login) })
  told(await mustAnswer(signUp(place, owner), 201))
  const link = await linkTo(place, owner.email)
  aviary.watch('token of a link', Buffer.from(link.token))
  await mustAnswer(followLink(place, link), 204)

  const totp = await enableTotp(place, owner)
  aviary.watch('TOTP seed', Buffer.from(totp.secret))
  const factors = { password: owner.factor, totp: totp.secret, email }
  told(await ask(openWallet(place, owner.walletId)))
  told(
    await mustAnswer(
      passing(place, () => openWallet(place, owner.walletId), factors),
      200,
    ),
  )
  await keepTexts(place, owner, aviary)
  await deleteByPlainSignature(place, owner)

  const recover = async (name: string): Promise<IdentityOwner> => {
    const thief = named(name, { email, accountId: owner.accountId })
    const calling = { by: thief.signer, body: recoveryWallet(thief) }
    const recovering = () => questionOf(place, `PUT /wallets/${thief.walletId}`, calling)
    told(await ask(recovering()))
    await mustAnswer(passing(place, recovering, factors), 200)
    return thief
  }
  const thief = await recover('of a thief')
  await call(place, `POST /wallets/${owner.walletId}/restoration`, { by: owner.signer })

  const next = named('changed', { email, accountId: owner.accountId })
  const { signer: by, accountId: account } = owner
  const envelope = signerChange({ networkPassphrase, account, by, adds: [next.signer.id], removes: [by.id] })
  const changing = () =>
    questionOf(place, `PUT /wallets/${owner.walletId}`, { by, body: changedWallet(next, envelope) })
  await passing(place, changing, factors)

  // What the last recovery replaced is held.
  const last = await recover('of the last thief')

  // Somebody else is signed in, and the address that they move to waits to be verified.
  const other = named('of another')
  told(await mustAnswer(signUp(place, other), 201))
  await mustAnswer(followLink(place, await linkTo(place, other.email)), 204)
  told(await mustAnswer(ask(openWallet(place, other.walletId)), 200))
  const elsewhere = named('elsewhere', { signer: other.signer, accountId: other.accountId })
  const moving = () => questionOf(place, `POST /wallets/${other.walletId}`, { body: walletBody(elsewhere) })
  await passing(place, moving, { password: other.factor })

  // Left unanswered: what waits is worth most.
  told(await ask(openWallet(place, last.walletId)))
  const again = { ...newIdentityOwner(randomness, { email }), accountId: owner.accountId }
  const calling = { by: again.signer, body: recoveryWallet(again) }
  const waiting = await ask(questionOf(place, `PUT /wallets/${again.walletId}`, calling))
  told(waiting)
  await newestCode(place, email)
  const demand = demandIn(waiting)
  if (demand) await answerTo(place, demand, '000000')
  const codes = (await place.textsTo(email)).flatMap((text) => /code is: (\d{6})/.exec(text)?.[1] ?? [])
  return { canaries: aviary.canaries, codes, login, keys: [owner, thief, next].map(({ signer }) => signer.id) }
}

interface Shown {
  readonly included?: readonly { readonly id: string; readonly attributes: { readonly encryption_key: string } }[]
}

/** Sessions and demands that an answer tells of. */
function watchAnswer(answer: Answer, aviary: Aviary, hex: (name: string, text: string) => void): void {
  const demand: Demand | undefined = demandIn(answer)
  if (demand) hex('token of a demand', demand.token)
  const { included = [] } = (answer.body.startsWith('{') ? JSON.parse(answer.body) : {}) as Shown
  for (const { id, attributes } of included) {
    aviary.watch('session', Buffer.from(id.slice(10)))
    hex('key of a session', attributes.encryption_key)
  }
}

/** What an account keeps that is nobody else's. */
async function keepTexts(
  place: IdentityPlace,
  { accountId, signer: by }: IdentityOwner,
  aviary: Aviary,
): Promise<void> {
  const form = { data: { type: 'kyc_form', attributes: { value: aviary.release('private text') } } }
  await call(place, `POST /accounts/${accountId}/blobs`, { by, body: form })
  const setting = { data: { attributes: { key: 'locale', value: aviary.release('setting') } } }
  await call(place, `PUT /identities/${accountId}/settings`, { by, body: setting })
}

/** By a client that signs nothing random: its signing string can be written down by whoever guesses the id in it. */
async function deleteByPlainSignature(place: IdentityPlace, owner: IdentityOwner): Promise<void> {
  const { body } = await call(place, `GET ${factorsUrl(owner)}`)
  const { data } = JSON.parse(body) as { data: { id: string; type: string }[] }
  const password = data.find(({ type }) => type === 'password')
  const target = `${factorsUrl(owner)}/${password?.id ?? '0'}`
  const headers = signedBy(owner.signer, { method: 'DELETE', target, nonce: '' }, place.profile)
  await ask({ method: 'DELETE', url: `${place.baseUrl}${target}`, headers })
}
