import { fromUtf8, type Secret } from '@strongroom/crypto'
import {
  changePassword,
  enableTotp,
  type IdentityApi,
  type NewTotp,
  openIdentityApi,
  type OpenWallet,
  readVerificationLink,
  recover,
  signIn,
  signUp,
} from '@strongroom/identity-client'
import { findKeptWallet, keepWallet } from './kept-wallet.ts'
import {
  approve,
  type LedgerAccess,
  masterAccountOf,
  requestSigner,
  signerChangeBy,
  submit,
  writeTransaction,
} from './ledger-transactions.ts'
import { usualPlaces } from './places.ts'
import { ADMINISTRATOR, signingKey } from './signing-key.ts'
import { codesFrom, firstCodeBy } from './wallet-answers.ts'

/** What the command line brings beside a command and what it is about. */
export interface WalletOptions {
  readonly password: Secret
  readonly 'new-password': Secret
  /** A code of the second factor. */
  readonly code?: string
  /** A program that prints the code of the secret that it reads. */
  readonly authenticator?: string
}

export interface WalletCommand {
  /** What it is about: an address, or the link of a mail. */
  readonly about: 'email' | 'link'
  readonly needs: readonly (keyof WalletOptions)[]
  /** Answers what it prints, as JSON. */
  run(ledger: LedgerAccess, about: string, options: WalletOptions): Promise<object>
}

export const walletCommands: Readonly<Record<string, WalletCommand>> = {
  'sign-up': {
    about: 'email',
    needs: ['password'],
    run: async ({ api }, email, { password }) => kept(await signUp(api, { email, password })),
  },
  verify: {
    about: 'link',
    needs: [],
    async run({ api }, link) {
      const found = readVerificationLink(link)
      if (!found) throw new Error('this is no link of a verification mail')
      await api.verifyWallet(found)
      return { verified: true }
    },
  },
  'sign-in': {
    about: 'email',
    needs: ['password'],
    run: async ({ api }, email, options) => kept(await open(api, email, options)),
  },
  'change-password': {
    about: 'email',
    needs: ['password', 'new-password'],
    async run(ledger, email, options) {
      const wallet = await open(ledger.api, email, options)
      const { password, 'new-password': newPassword } = options
      const buildSignerChange = signerChangeBy(ledger)
      return kept(
        await changePassword(ledger.api, wallet, {
          password,
          newPassword,
          buildSignerChange,
          answer: codesFrom(undefined),
        }),
      )
    },
  },
  'enable-totp': {
    about: 'email',
    needs: ['password'],
    async run({ api }, email, options) {
      const { password, authenticator } = options
      const made: { factor?: NewTotp } = {}
      const firstCode = (factor: NewTotp) => firstCodeBy(authenticator)((made.factor = factor))
      const { id } = await enableTotp(api, await open(api, email, options), { password, firstCode })
      return { factor_id: id, secret: textOf(made.factor?.secret) }
    },
  },
  recover: {
    about: 'email',
    needs: ['new-password'],
    // Its code is mailed for this very request: nobody has one before.
    run: async ({ api }, email, { 'new-password': newPassword }) =>
      kept(await recover(api, { email, newPassword, answer: codesFrom(undefined) })),
  },
  'request-signer': {
    about: 'email',
    needs: [],
    async run({ url, api }, email) {
      const { accountId, signer } = keptWallet(email)
      const wish = requestSigner(accountId, signer, await api.defaultSignerRole())
      await submit(api, await writeTransaction(url, { source: accountId, signer, operations: [wish] }))
      return { account_id: accountId, requested: signer.keyId }
    },
  },
  'approve-recovery': {
    about: 'email',
    needs: [],
    async run({ url, api }, email) {
      const { accountId } = keptWallet(email)
      const signer = signingKey(usualPlaces, ADMINISTRATOR)
      const source = await masterAccountOf(url)
      const query = { 'filter[requestor]': accountId }
      const { data } = await api.ask({
        method: 'GET',
        path: '/v3/kyc_recovery_requests',
        query,
        by: { accountId: source, signer },
      })
      const { id, attributes: { hash } = {} } = data.find(({ attributes }) => attributes['state'] === 'pending') ?? {}
      if (id === undefined || typeof hash !== 'string') throw new Error('nothing waits to be approved for this wallet')
      await submit(api, await writeTransaction(url, { source, signer, operations: [approve({ id, hash })] }))
      return { account_id: accountId, approved: id }
    },
  },
}

export const openLedger = (url: string): LedgerAccess => ({ url, api: openIdentityApi({ baseUrl: url }) })

const open = (api: IdentityApi, email: string, { password, code }: WalletOptions): Promise<OpenWallet> =>
  signIn(api, { email, password, answer: codesFrom(code) })

function keptWallet(email: string) {
  const found = findKeptWallet(usualPlaces, email)
  if (!found) throw new Error('Nobody signed in to that wallet here.')
  return found
}

/** As a shell can use it: what opens the wallet is printed, what signs for it is not. */
function kept(wallet: OpenWallet): object {
  keepWallet(usualPlaces, wallet)
  const { id, accountId, signer, isVerified, session } = wallet
  return {
    wallet_id: textOf(id),
    account_id: accountId,
    signer_id: signer.keyId,
    verified: isVerified,
    ...(session && { session_id: textOf(session.id), session_ends: session.expiresAt }),
  }
}

const textOf = (secret: Secret | undefined): string => (secret ? fromUtf8(secret.expose()) : '')
