import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import type { TwoFactorAuth } from './contract.ts'
import { pushData } from './push-data.ts'

function viewOf(letter: string, message = 'm'.repeat(1_000)): TwoFactorAuth {
  const [word, few] = [letter.repeat(200), letter.repeat(50)]
  const key = { id: randomUUID(), publicKey: 'ab'.repeat(64), pushToken: null, type: 'mobile' }
  const names = { name: word, deviceManufacturer: word, deviceModel: word }
  const device = { ...key, ...names, sdkVersion: few, osName: few, osVersion: few, lang: few }
  const id = randomUUID()
  return {
    id,
    accountId: randomUUID(),
    request: {
      id,
      app: { appId: randomUUID(), appName: 'a'.repeat(100) },
      userOpInfo: {
        type: 'sign-in',
        signIn: { email: 'canary@example.com', ip: '198.51.100.7', location: null },
      },
      srcDevice: device,
      destDevice: { ...device, id: randomUUID() },
      requestedAt: '2026-01-15T10:30:00.000Z',
      message,
    },
    status: 'pending',
    expiresAt: '2026-01-15T10:33:00.000Z',
    result: { txId: `0x${'ab'.repeat(32)}` },
  }
}

// A control character is six bytes of JSON, for one that was counted.
test.each(['a', 'é', '漢', '"', '\u0001', '\ud800'])(
  'fits, and names the request, whatever a device is called: %j',
  (letter) => {
    const view = viewOf(letter)
    const text = pushData(view)
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(3_600)
    const { id, accountId, status } = view
    const { srcDevice } = view.request
    const { publicKey } = srcDevice
    expect(JSON.parse(text)).toMatchObject({
      twoFactorAuth: { id, accountId, status, request: { srcDevice: { publicKey } } },
    })
  },
)

test('says all of it where that fits, and never who asks, or what another device is called', () => {
  const [view, short] = [viewOf('n'), viewOf('n', 'short')]
  const { srcDevice } = view.request
  expect(JSON.parse(pushData(short))).toMatchObject({ twoFactorAuth: { request: { message: 'short', srcDevice: {} } } })
  expect(JSON.parse(pushData(view))).toMatchObject({
    twoFactorAuth: { request: { srcDevice: { name: srcDevice.name } } },
  })
  for (const one of [view, short]) {
    const { destDevice } = (JSON.parse(pushData(one)) as { twoFactorAuth: TwoFactorAuth }).twoFactorAuth.request
    expect(destDevice).toMatchObject({ id: one.request.destDevice?.id, name: null, publicKey: null })
    expect(pushData(one)).not.toMatch(/canary|198\.51/)
  }
})
