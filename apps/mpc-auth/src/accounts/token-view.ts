import type { Keystore } from '@strongroom/hsm'
import type { TokenView } from '@strongroom/chain-accounts'

export const viewOf = (hsm: Keystore) => async (): Promise<TokenView> => {
  const point = await hsm.publicKey('account-token')
  return {
    publicKeys: () => [point],
    signingKey: () => Promise.resolve({ privateKey: undefined }),
    subtle: {
      sign: async (_: unknown, __: unknown, input: Uint8Array) =>
        new Uint8Array(await hsm.sign('account-token', input)).buffer,
    },
  } as unknown as TokenView
}
