import { fromHex, p1363ToDer, toHex, toUtf8, verifyP256 } from '@strongroom/crypto'
import { p256 } from '@noble/curves/nist.js'
import { newDeviceKey } from '@strongroom/device-auth-client'
import { expect, test, vi } from 'vitest'
import { publicKeyOf, signChallenge } from './sign-in-signature.ts'

const challenge = '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f'

test('a challenge is signed as the text that it is, r and s side by side', async () => {
  const key = await newDeviceKey()
  const publicKey = fromHex(`04${publicKeyOf(key)}`)
  const signature = await signChallenge(key, challenge)
  expect(signature).toMatch(/^[0-9a-f]{128}$/)
  const verifies = (message: Uint8Array) => verifyP256({ message, signature: fromHex(signature), publicKey })
  expect(verifies(toUtf8(challenge))).toBe(true)
  expect(verifies(fromHex(challenge))).toBe(false)
})

test('whatever lengths r and s have in DER, 128 digits come of them', async () => {
  const secret = p256.utils.randomSecretKey()
  for (let round = 0; round < 300; round++) {
    const message = Uint8Array.of(round, round >> 8)
    const compact = p256.sign(message, secret, { lowS: false })
    const key = { deviceVerifyingKey: '', sign: () => Promise.resolve(p1363ToDer(compact)) }
    expect(await signChallenge(key, challenge)).toBe(toHex(compact))
  }
})

test.each(['', challenge.slice(2), `${challenge}00`, challenge.toUpperCase(), `0x${challenge.slice(2)}`, '{"evm":{}}'])(
  'nothing else is signed: %s',
  async (text) => {
    const sign = vi.fn<() => Promise<Uint8Array>>()
    await expect(signChallenge({ deviceVerifyingKey: '', sign }, text)).rejects.toThrow(TypeError)
    expect(sign).not.toHaveBeenCalled()
  },
)
