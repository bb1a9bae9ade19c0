import type { AppProcess } from '@strongroom/test-world'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  answerTo,
  ask,
  askForBytes,
  call,
  enableTotp,
  factorsUrl,
  drawFrom,
  drawSeed,
  type IdentityOwner,
  type IdentityPlace,
  linkTo,
  mustAnswer,
  mustDemand,
  newAddress,
  newIdentityKey,
  newIdentityOwner,
  newWalletId,
  openWallet,
  passing,
  questionOf,
  type Question,
  recoveryOf,
  settleOwner,
  signUp,
  startIdentityOriginal,
  startMailTrap,
  type MailTrap,
  walletBody,
} from '../src/index.ts'
import { type AppOnCluster, startOnCluster } from './app-on-cluster.ts'
import { identitySettings, originalPlaceOf } from './identity-storage.ts'
import { kill } from './key-server.ts'
import { startOwnCluster, type OwnCluster } from './own-cluster.ts'
import { traced, traceOf } from './statements.ts'
import { callsOf } from './token-calls.ts'

const randomness = drawFrom(drawSeed())
const repeat = `ATTACK_SEED=${randomness.seed}`

/** What one asks about: something of somebody else, or of nobody. */
interface Subject {
  readonly walletId: string
  readonly factorId: string
  readonly token: string
  readonly blob: string
  readonly account: string
  readonly email: string
}

const base32 = (length: number): string =>
  Array.from({ length }, () => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[randomness.integer(32)]).join('')
const hex = (length: number): string => Array.from({ length }, () => randomness.integer(16).toString(16)).join('')

const nobody = (): Subject => ({
  walletId: newWalletId(randomness),
  factorId: String(900_000 + randomness.integer(90_000)),
  token: hex(40),
  blob: base32(52),
  account: newIdentityKey().id,
  email: newAddress(randomness),
})

type Asking = (place: IdentityPlace, asker: IdentityOwner, about: Subject) => Question

const answering = (token: string) => ({ body: { data: { attributes: { token, otp: '000000' } } } })

/** Each is asked about somebody else’s and about nobody’s. */
const questions: Record<string, Asking> = {
  'change their factor under my wallet': (place, asker, { factorId }) =>
    questionOf(place, `PATCH ${factorsUrl(asker)}/${factorId}`, {
      by: asker.signer,
      body: { data: { attributes: { priority: 5 } } },
    }),
  'delete their factor under my wallet': (place, asker, { factorId }) =>
    questionOf(place, `DELETE ${factorsUrl(asker)}/${factorId}`, { by: asker.signer }),
  'answer their demand under my wallet': (place, asker, { factorId, token }) =>
    questionOf(place, `PUT ${factorsUrl(asker)}/${factorId}/verification`, answering(token)),
  'read their private blob under my account': (place, { accountId, signer }, { blob }) =>
    questionOf(place, `GET /accounts/${accountId}/blobs/${blob}`, { by: signer }),
  'read their settings': (place, { signer }, { account }) =>
    questionOf(place, `GET /identities/${account}/settings`, { by: signer }),
  'read their private blobs’ list': (place, { signer }, { account }) =>
    questionOf(place, `GET /accounts/${account}/blobs?type=2048`, { by: signer }),
  'write their settings': (place, { signer }, { account }) =>
    questionOf(place, `PUT /identities/${account}/settings`, {
      by: signer,
      body: { data: { attributes: { key: 'a', value: 1 } } },
    }),
  'open a wallet that waits to be verified, or is held': (place, _, { walletId }) => openWallet(place, walletId),
  'ask for its factors': (place, _, { walletId }) => questionOf(place, `GET /wallets/${walletId}/factors`),
  'find whose address it is, that nobody verified': (place, _, { email }) =>
    questionOf(place, `GET /identities?filter[email]=${encodeURIComponent(email)}`),
}

/**
 * What the ledger tells everybody: whether there is an account, and which key a recovery let in. Of an account that is being
 * recovered, as the other one here, the recovery’s stamp is read.
 */
const onTheLedger = new Set(['read their settings', 'read their private blobs’ list', 'write their settings'])

describe(`case 17, enumeration, on the Identity Storage original’s shape, ${repeat}`, () => {
  it('changes factors of others, and tells them from those of nobody', async () => {
    await using original = await startIdentityOriginal()
    const place = originalPlaceOf(original)
    const [asker, other] = [await settleOwner(place, randomness), await settleOwner(place, randomness)]
    const totp = await enableTotp(place, other)
    const answers = []
    for (const about of [{ ...nobody(), factorId: totp.id }, nobody()])
      answers.push(
        (await ask((questions['change their factor under my wallet'] as Asking)(place, asker, about))).status,
      )
    expect(answers).toEqual([204, 404])
  })
})

describe(`case 17, enumeration, on identity-storage, ${repeat}`, () => {
  let cluster: OwnCluster
  let trap: MailTrap
  let app: AppOnCluster
  let api: AppProcess
  let place: IdentityPlace
  let asker: IdentityOwner
  let other: Subject
  beforeAll(async () => {
    ;[cluster, trap] = await Promise.all([startOwnCluster(traced), startMailTrap()])
    const settings = { ...identitySettings(newIdentityKey()), SMTP_URL: trap.url }
    app = await startOnCluster(cluster.url, settings, 'test/attacks/test/counted-identity.ts')
    api = await app.spawn({}, '--role=api')
    const worker = await app.spawn({}, '--role=worker')
    place = { baseUrl: api.baseUrl, textsTo: (address) => trap.mailsTo(address).map(({ text }) => text) }
    asker = await settleOwner(place, randomness)
    other = await settleSubject()
    // What a worker does meanwhile would stand in the traces.
    await kill(worker)
  })
  afterAll(async () => {
    await app?.[Symbol.asyncDispose]()
    await Promise.all([cluster?.[Symbol.asyncDispose](), trap?.[Symbol.asyncDispose]()])
  })

  /** Somebody of whom there is everything: a factor, a demand, a private text, an id that is held, an address that waits. */
  async function settleSubject(): Promise<Subject> {
    const owner = await settleOwner(place, randomness)
    const totp = await enableTotp(place, owner)
    const { token } = mustDemand(await ask(openWallet(place, owner.walletId)))
    const form = { data: { type: 'kyc_form', attributes: { value: 'a form' } } }
    const made = await call(place, `POST /accounts/${owner.accountId}/blobs`, { by: owner.signer, body: form })
    const { question } = recoveryOf(place, owner, randomness)
    await mustAnswer(passing(place, question, { email: owner.email }), 200)
    const waiting = newIdentityOwner(randomness)
    await mustAnswer(signUp(place, waiting), 201)
    await linkTo(place, waiting.email)
    const { data } = JSON.parse(made.body) as { data: { id: string } }
    return {
      walletId: owner.walletId,
      factorId: totp.id,
      token,
      blob: data.id,
      account: owner.accountId,
      email: waiting.email,
    }
  }

  /** The bytes of an answer, without what was asked for. */
  async function bytesOf(question: Question, about: Subject): Promise<string> {
    const said = await askForBytes(question)
    const named = [about.walletId, about.account, about.email, encodeURIComponent(about.email)]
    return named.reduce((text, value) => text.replaceAll(value, '-'), said)
  }

  it.each(Object.entries(questions))('%s: somebody’s and nobody’s answer alike to the byte', async (_, question) => {
    for (let round = 0; round < 3; round++) {
      const [there, nowhere] = [other, nobody()]
      expect(await bytesOf(question(place, asker, there), there)).toBe(
        await bytesOf(question(place, asker, nowhere), nowhere),
      )
    }
  })

  it.each(Object.entries(questions))(
    '%s: somebody’s and nobody’s take the same statements and commits',
    async (_, question) => {
      const traces = []
      for (const about of [other, nobody()]) {
        const asked = question(place, asker, about)
        traces.push(await traceOf(app, () => ask(asked)))
      }
      expect(traces[0]?.length).toBeGreaterThan(0)
      expect(traces[1]).toEqual(traces[0])
    },
  )

  it.each(Object.entries(questions))(
    '%s: somebody’s and nobody’s take the same calls of the token',
    async (name, question) => {
      const calls = []
      for (const about of [other, nobody()]) calls.push(await callsOf(api, () => ask(question(place, asker, about))))
      const [theirs = [], nothing] = calls
      const more = onTheLedger.has(name) ? ['mac stamp'] : []
      expect(theirs).toEqual([...(nothing ?? []), ...more])
    },
  )

  it('a trace sees what it should: what is one’s own takes other statements', async () => {
    const own = JSON.parse((await call(place, `GET ${factorsUrl(asker)}`)).body) as { data: { id: string }[] }
    const traces = []
    for (const factorId of [own.data[0]?.id ?? '', nobody().factorId]) {
      const asked = (questions['change their factor under my wallet'] as Asking)(place, asker, {
        ...nobody(),
        factorId,
      })
      traces.push(await traceOf(app, () => ask(asked)))
    }
    expect(traces[0]).not.toEqual(traces[1])
  })

  it('calls of the token are seen as they should be: what is one’s own takes others', async () => {
    const calls = []
    for (const account of [asker.accountId, nobody().account]) {
      const asked = (questions['write their settings'] as Asking)(place, asker, { ...nobody(), account })
      calls.push(await callsOf(api, () => ask(asked)))
    }
    expect(calls).toEqual([['seal'], []])
  })

  it('that there is an account, and is being recovered, everybody is told by the ledger', async () => {
    const signersOf = async (account: string) => {
      const { status, body } = await call(place, `GET /v3/accounts/${account}/signers`)
      return [status, body.split('"type":"signers"').length - 1]
    }
    const all = [await signersOf(other.account), await signersOf(asker.accountId), await signersOf(nobody().account)]
    expect(all).toEqual([
      [200, 2],
      [200, 1],
      [404, 0],
    ])
  })

  it('a token that is wrong answers alike whether there is such a wallet or not', async () => {
    const verify = (walletId: string): Question =>
      questionOf(place, `PUT /wallets/${walletId}/verification`, { body: { data: { attributes: { token: hex(64) } } } })
    const unknown = nobody()
    expect(await askForBytes(verify(asker.walletId))).toBe(await askForBytes(verify(unknown.walletId)))
    const [known, nothing] = [verify(asker.walletId), verify(unknown.walletId)]
    expect(await traceOf(app, () => ask(known))).toEqual(await traceOf(app, () => ask(nothing)))
  })

  it('what the contract demands to be told, and is limited: whether an address has a wallet', async () => {
    const asked = async (email: string) => [
      (await call(place, `GET /kdf?email=${encodeURIComponent(email)}`)).status,
      (await signUp(place, newIdentityOwner(randomness, { email }))).status,
      (await ask(recoveryOf(place, { email, accountId: asker.accountId }, randomness).question())).status,
    ]
    expect(await asked(asker.email)).toEqual([200, 409, 403])
    const { email } = nobody()
    expect([
      (await call(place, `GET /kdf?email=${encodeURIComponent(email)}`)).status,
      (await ask(recoveryOf(place, { email, accountId: asker.accountId }, randomness).question())).status,
    ]).toEqual([404, 404])
  })

  it('a wrong answer, and one for a token that was used or has ended, are told alike', async () => {
    const moving = () =>
      questionOf(place, `POST /wallets/${asker.walletId}`, { body: walletBody(newIdentityOwner(randomness)) })
    const demand = mustDemand(await ask(moving()))
    const wrong = await answerTo(place, { ...demand, token: hex(40) }, '000000')
    expect([wrong.status, wrong.body]).toEqual([400, expect.stringContaining('invalid token')])
  })
})
