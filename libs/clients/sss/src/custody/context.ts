import type { Secret } from '@strongroom/crypto'
import type { BackupRecipient, Login, WalletLogin } from '../api/keys.ts'
import type { SssApi } from '../api/api.ts'
import type { KeyRecord } from '../api/answers.ts'
import { deviceShareId, type DeviceStore } from '../device-store.ts'
import { makePresentation } from '../did.ts'

export interface CustodyOptions {
  readonly api: SssApi
  readonly store: DeviceStore
  /** Asked before every call: a token of the login provider that is still good. */
  readonly login: () => Promise<Login>
  /** Whose share it is, on a device of several users. */
  readonly user?: string
  /** Where `setUp`, `migrate` and `addRecovery` have the e-mail share sent; nowhere when left out. */
  readonly emailBackup?: BackupRecipient
  /** `challenge`: every presentation carries a fresh challenge, as a server with `DID_AUTH=challenge` demands. */
  readonly didAuth?: 'presentation' | 'challenge'
  /** The audience that the server calls itself. */
  readonly audience?: string
}

export type CustodyFault = 'no-account' | 'no-did' | 'other-did' | 'version-gone'

const sentences: Readonly<Record<CustodyFault, string>> = {
  'no-account': 'this account has no shares',
  'no-did': 'nobody says whose shares these are',
  'other-did': 'the account belongs to another DID',
  'version-gone': 'the server has no share of that version any more',
}

export class CustodyError extends Error {
  readonly fault: CustodyFault

  constructor(fault: CustodyFault) {
    super(sentences[fault])
    this.name = 'CustodyError'
    this.fault = fault
  }
}

/** Where the share is, and where one waits whose other half may or may not have reached the server. */
export const placesOf = ({ user }: CustodyOptions) => {
  const id = deviceShareId(user)
  return { id, pending: `${id}:pending` }
}

/** A login with a presentation of the seed, as the server demands it. */
export async function walletLogin(custody: CustodyOptions, seed: Secret): Promise<WalletLogin> {
  if (custody.didAuth === 'challenge') return challengedLogin(custody, seed)
  const login = await custody.login()
  return { ...login, presentation: makePresentation(seed, audienceOf(custody)) }
}

/** As `walletLogin`, with a challenge whatever the server's setting: some routes always demand one. */
export async function challengedLogin(custody: CustodyOptions, seed: Secret): Promise<WalletLogin> {
  const presentation = await challengedPresentation(custody, seed)
  return { ...(await custody.login()), presentation }
}

export async function challengedPresentation(custody: CustodyOptions, seed: Secret): Promise<Secret> {
  const [challenge] = await custody.api.logins.readChallenges(makePresentation(seed, audienceOf(custody)))
  if (challenge === undefined) throw new Error('the server gave no challenge')
  return makePresentation(seed, { challenge, ...audienceOf(custody) })
}

const audienceOf = ({ audience }: CustodyOptions) => (audience === undefined ? {} : { audience })

/**
 * Whose seed it has to be. What this device remembers counts before what the server says: a server that names another
 * DID, with shares that fit it, would else hand a wallet of its own to the user.
 */
export function expectedDid(record: KeyRecord, remembered: string | undefined): string {
  const named = record.primaryDid ?? undefined
  if (remembered !== undefined && named !== undefined && remembered !== named) throw new CustodyError('other-did')
  const did = remembered ?? named
  if (did === undefined) throw new CustodyError('no-did')
  return did
}
