import { createDecipheriv, createHmac, randomBytes } from 'node:crypto'
import { toHex } from '@strongroom/crypto'
import { expect, test } from 'vitest'
import { createRecoveryPasskey, evaluatePasskey, openWithPasskey, PasskeyError, sealWithPasskey } from './passkey.ts'
import type { Credentials } from './passkey-options.ts'
import { passkeys } from '../test/passkeys.ts'
import { shareFromHex, shareToHex } from './shares.ts'

const hex = '6d'.repeat(33)
const userId = (options: unknown) => toHex((options as { user: { id: Uint8Array } }).user.id)
const owner = { rpId: 'wallet.example', rpName: 'Wallet', userName: 'ann@example.com' }

test.each([['that evaluates as it creates', 'create'] as const, ['that evaluates only when asked', 'get'] as const])(
  'an authenticator %s seals a share that it alone opens',
  async (_, evaluates) => {
    const device = passkeys({ evaluates })
    const passkey = await createRecoveryPasskey(owner, device)
    const sealed = await sealWithPasskey(passkey, shareFromHex(hex))
    const asked = { rpId: owner.rpId, credentialId: passkey.credentialId }
    expect(shareToHex(await openWithPasskey(sealed, asked, device))).toBe(hex)
    const other = await createRecoveryPasskey(owner, device)
    const stranger = { ...asked, credentialId: other.credentialId }
    await expect(openWithPasskey(sealed, stranger, device)).rejects.toMatchObject({ fault: 'wrong-passkey' })
  },
)

test('the key is the PRF output of the published input, as AES-256-GCM of the hex text', async () => {
  const device = passkeys({ evaluates: 'create' })
  const passkey = await createRecoveryPasskey(owner, device)
  const expected = createHmac('sha256', device.secretOf(passkey.credentialId))
    .update('learncard-sss-recovery-v1')
    .digest()
  expect(toHex(passkey.prf.expose())).toBe(expected.toString('hex'))
  const { encryptedData, iv } = await sealWithPasskey(passkey, shareFromHex(hex))
  const [data, nonce] = [Buffer.from(encryptedData, 'base64'), Buffer.from(iv, 'base64')]
  const cipher = createDecipheriv('aes-256-gcm', expected, nonce).setAuthTag(data.subarray(-16))
  expect(cipher.update(data.subarray(0, -16), undefined, 'utf8') + cipher.final('utf8')).toBe(hex)
})

test('the id is standard base64, as the published client stores it', async () => {
  const { credentialId } = await createRecoveryPasskey(owner, passkeys({ evaluates: 'create' }))
  expect(Buffer.from(credentialId, 'base64').toString('base64')).toBe(credentialId)
})

test('verification of the user is demanded each time, and each passkey is a user of its own', async () => {
  const device = passkeys({ evaluates: 'get' })
  await createRecoveryPasskey(owner, device)
  await createRecoveryPasskey(owner, device)
  const [created, asked, second] = device.asked
  expect(created).toMatchObject({ authenticatorSelection: { residentKey: 'required', userVerification: 'required' } })
  expect(asked).toMatchObject({ userVerification: 'required', rpId: owner.rpId })
  expect(userId(created)).not.toBe(userId(second))
})

const answering = (answer: () => Promise<unknown>): Credentials => ({ create: answer, get: answer })
const asked = { rpId: 'wallet.example', credentialId: 'AAAA' }
const named = (name: string) => Object.assign(new Error('private details'), { name })

test.each([
  ['closes the dialogue', () => Promise.reject(named('NotAllowedError')), 'dismissed'],
  ['gives nothing', () => Promise.resolve(null), 'dismissed'],
  [
    'cannot derive keys',
    () =>
      Promise.resolve({ rawId: new ArrayBuffer(3), getClientExtensionResults: () => ({ prf: { enabled: false } }) }),
    'no-prf',
  ],
  [
    'derives a short key',
    () =>
      Promise.resolve({
        rawId: new ArrayBuffer(3),
        getClientExtensionResults: () => ({ prf: { enabled: true, results: { first: new ArrayBuffer(16) } } }),
      }),
    'no-prf',
  ],
])('who %s is told so', async (_, answer, fault) => {
  await expect(createRecoveryPasskey(owner, answering(answer))).rejects.toMatchObject({ fault })
  await expect(evaluatePasskey(asked, answering(answer))).rejects.toMatchObject({ fault })
})

test('a fault of the page is not taken for a person who closed the dialogue', async () => {
  const broken = answering(() => Promise.reject(named('SecurityError')))
  await expect(evaluatePasskey(asked, broken)).rejects.toMatchObject({ name: 'SecurityError' })
})

test('where there are no passkeys, it says so', async () => {
  await expect(createRecoveryPasskey(owner)).rejects.toThrow(PasskeyError)
})

test('what a server stored and no passkey made is refused before anybody is asked', async () => {
  const device = passkeys({ evaluates: 'get' })
  const sealed = { encryptedData: 'not base64', iv: Buffer.from(randomBytes(12)).toString('base64') }
  await expect(openWithPasskey(sealed, asked, device)).rejects.toMatchObject({ fault: 'malformed' })
  expect(device.asked).toEqual([])
})
