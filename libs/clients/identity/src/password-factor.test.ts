import { Secret } from '@strongroom/crypto'
import { expect, test } from 'vitest'
import vectors from '../../../../test/vectors/tokend-wallet.json' with { type: 'json' }
import { verifies } from '../test/fake-identity-storage.ts'
import { answerPasswordFactor, signFactorToken } from './password-factor.ts'
import { newSeed, signerOf } from './signer.ts'
import { fromSeedText } from './strkey.ts'
import { sealWallet } from './wallets/seal-wallet.ts'

const { seed, token, otp } = vectors.passwordFactor
const { email, password: text, kdf } = vectors.keys
const [password, factorSigner] = [new Secret(text), signerOf(fromSeedText(new Secret(seed)))]
const own = newSeed()
const [signer, keychain] = [signerOf(own), { seeds: [own] } as const]
const sealed = await sealWallet({ email, password, kdf, keychain, accountId: signer.keyId })
const demand = {
  factorId: '1',
  factorType: 'password',
  walletId: sealed.id,
  token: new Secret(token),
  ...sealed.passwordFactor,
}

test('the token’s text itself is signed, as the published client does', async () => {
  expect((await signFactorToken(factorSigner, new Secret(token))).equals(new Secret(otp))).toBe(true)
})

test('the key of the factor’s keychain signs', async () => {
  const answer = await answerPasswordFactor(demand, { email, password, kdf, signer })
  const signature = Buffer.from(answer.expose()).toString()
  expect(verifies(sealed.passwordFactor.accountId, token, signature)).toBe(true)
})

test('its keychain is short enough for TokenD’s Kotlin client, which reads 1000 bytes of a refusal', () => {
  const { keychainData, salt } = sealed.passwordFactor
  expect(keychainData.length + salt.length).toBeLessThan(500)
})

test('another password is told at once', async () => {
  const answer = answerPasswordFactor(demand, { email, password: new Secret('other'), kdf, signer })
  await expect(answer).rejects.toMatchObject({ fault: 'factor-unreadable' })
  const without = answerPasswordFactor({ ...demand, keychainData: undefined }, { email, password, kdf, signer })
  await expect(without).rejects.toMatchObject({ fault: 'factor-unreadable' })
})

test('a server that gives the wallet’s own keychain out as the factor’s has no signature of it', async () => {
  const { keychainData, salt } = sealed
  const answer = answerPasswordFactor({ ...demand, keychainData, salt }, { email, password, kdf, signer })
  await expect(answer).rejects.toMatchObject({ fault: 'wallet-key-as-factor' })
})

test.each(['', 'two words', 'é', 'line\n', 'x'.repeat(257), String.fromCodePoint(...new Uint8Array(32))])(
  'the token %j is not signed',
  async (bad) => {
    await expect(signFactorToken(factorSigner, new Secret(bad))).rejects.toMatchObject({
      fault: 'factor-token-refused',
    })
  },
)
