import type { PasskeyOptions } from '../make-passkey.ts'
import type { Account, ChainName, Device, DeviceFields, Key, Recovery } from './answers.ts'
import type { Transport } from './transport.ts'

/** What the signed-in account tells of itself. Every method throws `AccountsError`. */
export const accountApi = ({ send }: Transport) => ({
  me: async (): Promise<Account> => {
    const { account } = await send<{ account: Account }>({
      method: 'GET',
      path: '/account/v1/me',
      fields: { account: 'object' },
    })
    return account
  },

  /** Has it stand on another chain as well, with the keys that it has now. */
  deployElsewhere: async (chainName: ChainName): Promise<Account> => {
    const { account } = await send<{ account: Account }>({
      method: 'POST',
      path: '/account/v1/addresses',
      body: { chainName },
      fields: { account: 'object' },
    })
    return account
  },

  /** Oldest first; those whose keys are revoked are not among them. */
  listDevices: async (): Promise<readonly Device[]> => {
    const { devices } = await send<{ devices: readonly Device[] }>({
      method: 'GET',
      path: '/device/v1/devices',
      fields: { devices: 'array' },
    })
    return devices
  },

  /** What is left out stays. */
  changeDevice: async (publicKey: string, body: DeviceFields): Promise<Device> => {
    const { device } = await send<{ device: Device }>({
      method: 'PUT',
      path: `/device/v1/devices/${encodeURIComponent(publicKey)}`,
      body,
      fields: { device: 'object' },
    })
    return device
  },

  listKeys: async (which: 'live' | 'all' = 'live'): Promise<readonly Key[]> => {
    const { keys } = await send<{ keys: readonly Key[] }>({
      method: 'GET',
      path: `/key/v1/keys?include_revoked=${String(which === 'all')}`,
      fields: { keys: 'array' },
    })
    return keys
  },

  /** What a further passkey of this account is to be made by: those that it has answer to it and are made no second time. */
  ownPasskeyOptions: async (): Promise<PasskeyOptions> => {
    const { options } = await send<{ options: PasskeyOptions }>({
      method: 'POST',
      path: '/key/v1/passkeys/options',
      fields: { options: 'object' },
    })
    return options
  },

  /** After it was removed on every chain; its sessions end. */
  forgetKey: (publicKey: string): Promise<void> =>
    send({ method: 'DELETE', path: `/key/v1/keys/${encodeURIComponent(publicKey)}` }),

  /** The public half of a key that the owner keeps elsewhere; the server never sees the private one. */
  registerRecoveryKey: async (publicKey: string, accountName: string): Promise<readonly Key[]> => {
    const { keys } = await send<{ keys: readonly Key[] }>({
      method: 'POST',
      path: '/key/v1/recovery',
      body: { recoveryKey: { publicKey, cloudKey: { accountName } } },
      fields: { keys: 'array' },
    })
    return keys
  },

  /** Of the last month, newest first. */
  listRecoveries: async (): Promise<readonly Recovery[]> => {
    const { recoveries } = await send<{ recoveries: readonly Recovery[] }>({
      method: 'GET',
      path: '/auth/v1/recover',
      fields: { recoveries: 'array' },
    })
    return recoveries
  },

  /** The device that was to be let in is revoked. */
  cancelRecovery: (id: string): Promise<void> => send({ method: 'DELETE', path: `/auth/v1/recover/${id}` }),
})
