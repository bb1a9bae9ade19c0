import { randomBytes } from 'node:crypto'
import { signerChangeBy } from '@strongroom/dev-world/ledger-transactions'
import {
  changePassword,
  type FactorAnswer,
  type OpenWallet,
  readVerificationLink,
  recover,
  Secret,
  signIn,
  signUp,
} from '@strongroom/identity-client'
import type { IdentityWorld } from './identity-world.ts'

/** Somebody with an address, who uses the client as a wallet app does. */
export interface WalletHolder {
  readonly email: string
  signUp(password: string): Promise<OpenWallet>
  /** Follows the newest link that was mailed. */
  followLink(): Promise<void>
  signIn(password: string, answer?: FactorAnswer): Promise<OpenWallet>
  changePassword(wallet: OpenWallet, change: PasswordsOf): Promise<OpenWallet>
  /** As whoever reads the mail can, on a device that has nothing. */
  recover(newPassword: string): Promise<OpenWallet>
  /** Brings back what a recovery replaced, by the key that signed before. */
  restore(wallet: OpenWallet): Promise<void>
}

export interface PasswordsOf {
  readonly from: string
  readonly to: string
  readonly answer?: FactorAnswer
}

/** Through one of the processes. */
export function holderOf(world: IdentityWorld, of: 0 | 1 = 0): WalletHolder {
  const email = `holder-${randomBytes(6).toString('hex')}@example.com`
  const api = () => world.api(of)
  const mailedCode = async () =>
    new Secret(/code is: (\d{6})/.exec(await world.messageTo(email, 'code is: '))?.[1] ?? '')
  return {
    email,
    signUp: (password) => signUp(api(), { email, password: new Secret(password) }),
    async followLink() {
      const mail = await world.messageTo(email, 'Follow this link')
      const link = readVerificationLink(/https?:\S+/.exec(mail)?.[0] ?? '')
      if (!link) throw new Error('the mail holds no link')
      await api().verifyWallet(link)
    },
    signIn: (password, answer) => signIn(api(), { email, password: new Secret(password), ...(answer && { answer }) }),
    changePassword: (wallet, { from, to, answer }) =>
      changePassword(api(), wallet, {
        password: new Secret(from),
        newPassword: new Secret(to),
        buildSignerChange: signerChangeBy({ url: world.apis[of].baseUrl, api: api() }),
        ...(answer && { answer }),
      }),
    recover: (newPassword) => recover(api(), { email, newPassword: new Secret(newPassword), answer: mailedCode }),
    async restore(wallet) {
      const path = `/wallets/${Buffer.from(wallet.id.expose()).toString('utf8')}/restoration`
      await api().ask({ method: 'POST', path, by: wallet })
    },
  }
}

/** Somebody whose wallet is verified and open. */
export async function settled(world: IdentityWorld, password: string) {
  const holder = holderOf(world)
  await holder.signUp(password)
  await holder.followLink()
  return { holder, wallet: await holder.signIn(password) }
}
