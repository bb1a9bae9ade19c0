import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Answered, startIdentityStorage, told, type World, wrong } from './client.ts'
import { tokenOfAddress } from './link-tokens.ts'
import { messagesTo } from './mails.ts'
import {
  bodyOf,
  newKeychain,
  newOwner,
  newSalt,
  newWallet,
  newWalletId,
  type Owner,
  passwordOf,
  signerIn,
  walletIn,
} from './owners.ts'

let world: World
beforeAll(async () => {
  world = await startIdentityStorage({ settings: { REFUSED_EMAIL_DOMAINS: 'refused.example, Throwaway.example' } })
})
afterAll(() => world[Symbol.asyncDispose]())

type More = Parameters<typeof bodyOf>[1]
const make = (owner: Owner, more: More = {}): Promise<Answered> =>
  world.ask({ method: 'POST', path: '/wallets', body: bodyOf(owner, more) })
const count = async () =>
  (
    await world.app.sql(
      'select (select count(*)::int from identity.wallets) as wallets, (select count(*)::int from identity.ledger_accounts) as accounts',
    )
  )[0]

const withSigner = (more: object) => (owner: Owner) => ({
  included: [passwordOf(owner), signerIn(owner.signer.keyId, more)],
})

const withKeychain = (owner: Owner, keychain_data: string) => ({
  included: [passwordOf(owner, { keychain_data }), signerIn(owner.signer.keyId)],
})

describe('what no shape can tell', () => {
  const other = 'GB65IHVVJOGUYKZLHT3GAZOWHCBMZLQLDJAWXJM5LUXI35LNAHHBQUKB'
  const broken = `${other.slice(0, -1)}A`
  const signersField = '/data/relationships/signers'
  const ofSigners = (fault: string) => [signersField, `the ledger takes no such signers: ${fault}`] as const
  test.each<readonly [string, (owner: Owner) => Parameters<typeof bodyOf>[1], readonly [string, string]]>([
    [
      'an account with a wrong checksum',
      () => ({ attributes: { account_id: broken } }),
      ['/data/attributes/account_id', 'is no account key'],
    ],
    [
      'a password’s key with a wrong checksum',
      (owner) => ({ included: [passwordOf(owner, { account_id: broken }), signerIn(owner.signer.keyId)] }),
      ['/included', 'a password’s account_id is no account key'],
    ],
    [
      'a referrer whom nobody knows',
      () => ({ relationships: { referrer: { data: { id: other } } } }),
      ['/data/relationships/referrer/data/id', 'is nobody here'],
    ],
    [
      'a code that nobody was sent',
      () => ({ attributes: { verification_code: 'Q916' } }),
      ['/data/attributes/verification_code', 'invalid token'],
    ],
    ['a signer who weighs too little', withSigner({ weight: 999 }), ofSigners('owners-too-light')],
    ['a signer in the role of recovery alone', withSigner({ role_id: 1 }), ofSigners('owners-too-light')],
    ['a signer in the role that a KYC recovery gives', withSigner({ role_id: 3 }), ofSigners('role-not-allowed')],
    ['details that are no JSON', withSigner({ details: '{' }), ofSigners('details-no-json')],
    [
      'a signer twice',
      ({ signer }) => ({ relationships: { signers: [1, 2].map(() => ({ id: signer.keyId })) } }),
      ofSigners('key-repeated'),
    ],
    [
      'two passwords',
      (owner) => ({ included: [passwordOf(owner), passwordOf(owner)] }),
      ['/included', 'needs exactly one password, the related one'],
    ],
    [
      'a password that nobody relates to',
      (owner) => ({ included: [{ ...passwordOf(owner), id: 'another' }] }),
      ['/included', 'needs exactly one password, the related one'],
    ],
  ])('%s is refused, and nothing is made', async (_, more, [field, error]) => {
    const owner = newOwner()
    const before = await count()
    expect(told(await make(owner, more(owner)))).toEqual(wrong(field, error))
    expect(await count()).toEqual(before)
    expect((await make(owner)).status).toBe(201)
  })

  test.each(['refused.example', 'REFUSED.example', 'throwaway.example'])(
    'an address at %s gets no wallet',
    async (domain) => {
      const answer = await make(newOwner({ email: `${newWalletId()}@${domain}` }))
      expect(told(answer)).toEqual(wrong('/data/attributes/email', 'this domain gets no wallets'))
    },
  )

  test('a referrer who has a wallet is shown with it', async () => {
    const { accountId: id } = await newWallet(world)
    const made = await make(newOwner(), { relationships: { referrer: { data: { id, type: 'referrer' } } } })
    expect(made.body).toMatchObject({ data: { relationships: { referrer: { data: { id, type: 'referrer' } } } } })
  })
})

describe('a keychain', () => {
  test('of a factor has 640 characters at most, so that the demand for it stays short', async () => {
    const owner = newOwner()
    const { status, body } = await make(owner, withKeychain(owner, newKeychain(644)))
    expect([status, body]).toMatchObject([
      400,
      { errors: [{ meta: { field: '/included/0/attributes/keychain_data' } }] },
    ])
    expect((await make(owner, withKeychain(owner, newKeychain(640)))).status).toBe(201)
  })

  test('of the wallet has 32768, and comes back as it was', async () => {
    const owner = newOwner()
    const tooLong = await make(owner, { attributes: { keychain_data: newKeychain(32_772) } })
    expect([tooLong.status, tooLong.body]).toMatchObject([
      400,
      { errors: [{ meta: { field: '/data/attributes/keychain_data' } }] },
    ])
    const keychain_data = newKeychain(32_768)
    const made = await make(owner, { attributes: { keychain_data } })
    expect(walletIn(made.body).data.attributes.keychain_data).toBe(keychain_data)
  })

  test('with an IV of any length is taken: a published client makes 96 bytes', async () => {
    const owner = newOwner()
    const parts = { IV: Buffer.alloc(96).toString('base64'), cipherText: 'AAAA', cipherName: 'aes', modeName: 'gcm' }
    const keychain_data = Buffer.from(JSON.stringify(parts)).toString('base64')
    expect((await make(owner, { attributes: { keychain_data } })).status).toBe(201)
  })
})

test('who brings the token of the address is verified at once, is mailed nothing and may sign in', async () => {
  const owner = newOwner()
  const verification_code = await tokenOfAddress(world.app, owner.email)
  const another = await make(newOwner(), { attributes: { verification_code } })
  expect(told(another)).toEqual(wrong('/data/attributes/verification_code', 'invalid token'))
  const made = await make(owner, { attributes: { verification_code, salt: newSalt() } })
  expect([made.status, walletIn(made.body).data.attributes.verified]).toEqual([201, true])
  expect((await world.ask({ path: `/wallets/${owner.walletId}` })).status).toBe(200)
  const next = await newWallet(world)
  await messagesTo(world.app, next.email, 1)
  expect(await world.app.messagesTo(owner.email)).toEqual([])
})
