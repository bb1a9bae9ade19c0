import { ask, type Answer, type Question } from './ask.ts'
import { type IdentityKey, type Profile, signedBy, totpOf } from './identity-key.ts'
import { type IdentityOwner, newIdentityOwner, newWallet } from './identity-wallets.ts'
import type { Randomness } from './randomness.ts'
import { waitUntil } from './wait-until.ts'

export * from './identity-wallets.ts'

/** A server of the Identity Storage's API, and all that reaches people from it. */
export interface IdentityPlace {
  readonly baseUrl: string
  readonly textsTo: (address: string) => Promise<string[]> | string[]
  /** `compat` unless said. */
  readonly profile?: Profile
  /** Lets codes of time steps that were used be used again, so that nobody waits for the next half minute. */
  readonly forgetSteps?: () => Promise<unknown>
}

export interface Calling {
  readonly by?: IdentityKey
  readonly body?: object
  readonly headers?: Record<string, string>
}

/** A question, signed where somebody signs it. */
export function questionOf(
  { baseUrl, profile }: Pick<IdentityPlace, 'baseUrl' | 'profile'>,
  call: `${string} /${string}`,
  { by, body, headers = {} }: Calling = {},
): Question {
  const [method = '', target = ''] = call.split(' ')
  const text = body && JSON.stringify(body)
  const signed = by ? signedBy(by, { method, target, body: text }, profile) : {}
  return {
    method,
    url: `${baseUrl}${target}`,
    headers: { ...signed, ...headers },
    ...(text !== undefined && { body: text }),
  }
}

/** Node’s client sends no length with DELETE, and then a body is no part of it. */
export const sized = (question: Question): Question => ({
  ...question,
  headers: {
    ...question.headers,
    ...(typeof question.body === 'string' && { 'content-length': String(Buffer.byteLength(question.body)) }),
  },
})

export const call = (place: IdentityPlace, what: `${string} /${string}`, calling?: Calling): Promise<Answer> =>
  ask(questionOf(place, what, calling))

/** What a 403 says of the factor that is to be verified. */
export interface Demand {
  readonly token: string
  readonly factor_id: number
  readonly factor_type: string
  readonly wallet_id: string
}

export interface Told {
  readonly status: string
  readonly code?: string
  readonly meta?: Demand
}

export const errorIn = ({ body }: Answer): Told | undefined =>
  body.startsWith('{') ? (JSON.parse(body) as { errors?: Told[] }).errors?.[0] : undefined

export const demandIn = (answer: Answer): Demand | undefined => {
  const error = errorIn(answer)
  return error?.code === 'tfa_required' ? error.meta : undefined
}

export function mustDemand(answer: Answer): Demand {
  const demand = demandIn(answer)
  if (!demand) throw new Error(`No factor is demanded: ${String(answer.status)} ${answer.body}`)
  return demand
}

export const answerTo = (place: IdentityPlace, demand: Demand, otp: string | number): Promise<Answer> =>
  call(place, `PUT /wallets/${demand.wallet_id}/factors/${String(demand.factor_id)}/verification`, {
    body: { data: { type: 'factor_verification', attributes: { token: demand.token, otp } } },
  })

export const passwordOtp = (factor: IdentityKey, { token }: Pick<Demand, 'token'>): string =>
  Buffer.from(factor.sign(Buffer.from(token))).toString('base64')

export interface Factors {
  readonly password?: IdentityKey
  /** The TOTP secret. */
  readonly totp?: string
  /** The address that codes are mailed to. */
  readonly email?: string
}

export async function proveDemand(place: IdentityPlace, demand: Demand, factors: Factors): Promise<Answer> {
  const { factor_type: type } = demand
  if (type === 'password' && factors.password) return answerTo(place, demand, passwordOtp(factors.password, demand))
  if (type === 'totp' && factors.totp !== undefined) {
    await place.forgetSteps?.()
    return answerTo(place, demand, totpOf(factors.totp))
  }
  if (type === 'email' && factors.email !== undefined)
    return answerTo(place, demand, await newestCode(place, factors.email))
  throw new Error(`Somebody is asked for a factor that he has not: ${type}`)
}

const codesIn = async ({ textsTo }: IdentityPlace, address: string): Promise<string[]> =>
  (await textsTo(address)).flatMap((text) => /code is: (\d{6})/.exec(text)?.[1] ?? [])

/** Waits for so many codes; answers with the newest. */
export async function newestCode(place: IdentityPlace, address: string, count = 1): Promise<string> {
  await waitUntil('a code', async () => (await codesIn(place, address)).length >= count)
  return (await codesIn(place, address)).at(-1) ?? ''
}

export const countCodes = async (place: IdentityPlace, address: string): Promise<number> =>
  (await codesIn(place, address)).length

/** Asks, proves what is demanded, and asks the same again: the first answer that demands nothing more. */
export async function passing(place: IdentityPlace, question: () => Question, factors: Factors): Promise<Answer> {
  for (let demands = 0; demands < 4; demands++) {
    const before = factors.email === undefined ? 0 : await countCodes(place, factors.email)
    const answer = await ask(question())
    const demand = demandIn(answer)
    if (!demand) return answer
    if (demand.factor_type === 'email' && factors.email !== undefined)
      await newestCode(place, factors.email, before + 1)
    const verified = await proveDemand(place, demand, factors)
    if (verified.status !== 204) return verified
  }
  throw new Error('Factors are demanded without an end.')
}

/** The newest link of a mailbox: what its payload says. */
export async function linkTo(
  place: IdentityPlace,
  address: string,
  count = 1,
): Promise<{ token: string; walletId: string }> {
  const links = async () =>
    (await place.textsTo(address)).flatMap((text) => /https?:\S+\/([\w-]{40,})/.exec(text)?.[1] ?? [])
  await waitUntil('a link', async () => (await links()).length >= count)
  const payload = Buffer.from((await links()).at(-1) ?? '', 'base64url').toString('utf8')
  const { meta } = JSON.parse(payload) as { meta: { token: string; wallet_id: string } }
  return { token: meta.token, walletId: meta.wallet_id }
}

export const followLink = (
  place: IdentityPlace,
  { token, walletId }: { token: string; walletId: string },
): Promise<Answer> =>
  call(place, `PUT /wallets/${walletId}/verification`, {
    body: { data: { type: 'wallet_verification', attributes: { token } } },
  })

/** What an attack needs to begin with. */
export async function mustAnswer(asked: Promise<Answer>, status: number): Promise<Answer> {
  const answer = await asked
  if (answer.status !== status) throw new Error(`A step was answered with ${String(answer.status)}: ${answer.body}`)
  return answer
}

export const signUp = (place: IdentityPlace, owner: IdentityOwner): Promise<Answer> =>
  call(place, 'POST /wallets', { body: newWallet(owner) })

/** Somebody with a wallet whose address is verified. */
export async function settleOwner(
  place: IdentityPlace,
  randomness: Randomness,
  known: Partial<IdentityOwner> = {},
): Promise<IdentityOwner> {
  const owner = newIdentityOwner(randomness, known)
  await mustAnswer(signUp(place, owner), 201)
  await mustAnswer(followLink(place, await linkTo(place, owner.email)), 204)
  return owner
}

export interface Totp {
  readonly id: string
  readonly secret: string
}

export const factorsUrl = ({ walletId }: Pick<IdentityOwner, 'walletId'>) => `/wallets/${walletId}/factors` as const

export async function newTotp(place: IdentityPlace, owner: IdentityOwner): Promise<Totp> {
  const calling = { by: owner.signer, body: { data: { type: 'totp' } } }
  const made = await mustAnswer(
    passing(place, () => questionOf(place, `POST ${factorsUrl(owner)}`, calling), { password: owner.factor }),
    201,
  )
  const { data } = JSON.parse(made.body) as { data: { id: string; attributes: { secret: string } } }
  return { id: data.id, secret: data.attributes.secret }
}

export const setPriority = (
  place: IdentityPlace,
  owner: Pick<IdentityOwner, 'walletId' | 'signer'>,
  { id, priority }: { id: string; priority: number },
): Question =>
  questionOf(place, `PATCH ${factorsUrl(owner)}/${id}`, {
    by: owner.signer,
    body: { data: { attributes: { priority } } },
  })

export async function enableTotp(place: IdentityPlace, owner: IdentityOwner): Promise<Totp> {
  const totp = await newTotp(place, owner)
  const enabling = () => setPriority(place, owner, { id: totp.id, priority: 101 })
  await mustAnswer(passing(place, enabling, { totp: totp.secret }), 204)
  await place.forgetSteps?.()
  return totp
}

export const openWallet = (place: IdentityPlace, walletId: string): Question =>
  questionOf(place, `GET /wallets/${walletId}`)
