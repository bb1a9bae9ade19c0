import { duoClient, enrolDevice, openDeviceKeys, signChallenge } from '@strongroom/device-auth-client'

/** What a wallet does when it opens: its user's key, made where there is none. */
export const deviceVerifyingKey = async (user: string): Promise<string> =>
  (await openDeviceKeys().findOrMake(user)).deviceVerifyingKey

/** With the key that is kept; nothing where there is none. */
export async function sign(user: string, challenge: string): Promise<string | undefined> {
  const key = await openDeviceKeys().find(user)
  return key && signChallenge(key, challenge)
}

export const forget = (user: string): Promise<void> => openDeviceKeys().remove(user)

/** What a script in the page can read out of the key's private half, by every format there is. */
export async function readOut(user: string): Promise<readonly string[]> {
  const { privateKey } = (await kept(user)) as CryptoKeyPair
  const formats = ['pkcs8', 'jwk', 'raw', 'spki'] as const
  const read = await Promise.allSettled(formats.map((format) => crypto.subtle.exportKey(format, privateKey)))
  return [String(privateKey.extractable), ...read.map(({ status }) => status), JSON.stringify(privateKey)]
}

/** Enrols the device at a server of another origin. */
export async function enrol(user: string, baseUrl: string): Promise<string> {
  const client = duoClient({ baseUrl, accessToken: () => Promise.resolve('token of ann') })
  const key = await openDeviceKeys().findOrMake(user)
  const { outcome } = await enrolDevice(client, key, { name: 'Chromium' })
  return outcome
}

const kept = (user: string) =>
  new Promise((resolve, reject) => {
    const opening = indexedDB.open('strongroom-device-keys')
    opening.addEventListener('error', () => reject(new Error('no database')))
    opening.addEventListener('success', () => {
      const reading = opening.result.transaction('keys').objectStore('keys').get(user)
      reading.addEventListener('success', () => resolve(reading.result))
    })
  })
