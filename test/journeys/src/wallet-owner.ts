import { randomBytes, randomInt } from 'node:crypto'
import {
  type Custody,
  deviceShareId,
  type DeviceStore,
  memoryStore,
  openApi,
  openCustody,
  Secret,
  type SssApi,
  type WalletLogin,
  didOf,
  makePresentation,
} from '@strongroom/sss-client'
import type { SssWorld } from './sss-world.ts'

/** By what a login provider knows somebody. */
export type Contact = { readonly email: string } | { readonly phone: string }

export interface Device {
  readonly custody: Custody
  readonly store: DeviceStore
  /** What lies on it. */
  share(): Promise<Secret>
}

export interface DeviceOptions {
  readonly backupTo?: string
  readonly token?: () => Promise<string>
  readonly didAuth?: 'presentation' | 'challenge'
}

export interface WalletOwner {
  readonly seed: Secret
  readonly did: string
  readonly api: SssApi
  /** Any number of devices, each with a store of its own; a device may sign in otherwise than its owner did. */
  device(options?: DeviceOptions): Device
  login(): Promise<WalletLogin>
}

export const newEmail = (): string => `owner-${randomBytes(6).toString('hex')}@example.com`
export const newPhone = (): string => `+49151${String(randomInt(10_000_000, 99_999_999))}`

/** Somebody with a wallet, who uses the client as a wallet app does. How soon it is answered is not what is told here. */
export function ownerOf({ world, apiUrl }: Pick<SssWorld, 'world' | 'apiUrl'>, contact: Contact): WalletOwner {
  const seed = new Secret(Uint8Array.from(randomBytes(32)))
  const api = openApi({ baseUrl: apiUrl, deadline: 60 })
  const issue = () => world.issuer.issueToken(contact)
  return {
    seed,
    did: didOf(seed),
    api,
    device: ({ backupTo, token = issue, didAuth = 'presentation' } = {}) => {
      const store = memoryStore()
      const custody = openCustody({
        api,
        store,
        didAuth,
        login: () => loginBy(token),
        ...(backupTo !== undefined && { emailBackup: { email: backupTo } }),
      })
      const share = async () => {
        const kept = await store.read(deviceShareId())
        if (!kept) throw new Error('this device has no share')
        return kept.share
      }
      return { custody, store, share }
    },
    login: async () => ({ ...(await loginBy(issue)), presentation: makePresentation(seed) }),
  }
}

const loginBy = async (token: () => Promise<string>) =>
  ({ authToken: new Secret(await token()), providerType: 'firebase' }) as const

/** The share in a mail: 4 hex digits of version and 66 of share. */
export function shareIn(mail: string): Secret {
  const [found] = /\b[0-9a-f]{70}\b/.exec(mail) ?? []
  if (found === undefined) throw new Error('the mail holds no share')
  return new Secret(found)
}

export const codeIn = (mail: string): Secret => new Secret(/code is: (\d{6})/.exec(mail)?.[1] ?? '')
