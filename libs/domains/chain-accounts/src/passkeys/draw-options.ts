import { type RandomSource, sha256, toBase64url } from '@strongroom/crypto'
import { implement, type Limiter, Refusal, reply } from '@strongroom/http'
import { type PasskeyRules, passkeyOptions as optionsOf } from '@strongroom/proofs'
import type { Database } from '@strongroom/storage'
import { takeOf, takeRequest } from '../accounts/caller.ts'
import { findKeys } from '../accounts/keys-store.ts'
import { timestamp } from '../accounts/views.ts'
import type { Policies } from '../policies.ts'
import { invalidRequest } from '../refusals.ts'
import { ownPasskeyOptions, passkeyOptions } from './contract.ts'
import { insertMaking } from './store.ts'

export interface OptionsDeps {
  readonly database: Database
  readonly policies: Policies
  readonly random: RandomSource
  /** `undefined` where no pages are configured: then no passkey is made. */
  readonly passkeys: PasskeyRules | undefined
  readonly arrivals: Limiter
  readonly requests: Limiter
}

export const forAnybody = implement<OptionsDeps>()(passkeyOptions, async ({ proof: app, ip }, deps) => {
  const limited = await takeRequest(deps.arrivals, ip)
  if (limited) return limited
  const drawn = await draw(deps, { appId: app.id, accountId: null, exclude: [] })
  return drawn instanceof Refusal ? drawn : reply(200, drawn)
})

export const forAccount = implement<OptionsDeps>()(ownPasskeyOptions, async ({ proof }, deps) => {
  const { accountId, app } = proof
  const limited = await takeOf(deps.requests, proof)
  if (limited) return limited
  const keys = await findKeys(deps.database.reading, accountId)
  const exclude = keys.flatMap(({ credentialId }) => (credentialId ? [toBase64url(credentialId)] : []))
  const drawn = await draw(deps, { appId: app.id, accountId, exclude })
  return drawn instanceof Refusal ? drawn : reply(200, drawn)
})

interface Asking {
  readonly appId: string
  readonly accountId: string | null
  readonly exclude: readonly string[]
}

const BYTES = 32

async function draw({ database, policies, random, passkeys }: OptionsDeps, { exclude, ...whose }: Asking) {
  if (!passkeys) return invalidRequest()
  const [challenge, userId] = [random(BYTES), random(BYTES)]
  if (challenge.length !== BYTES) throw new Error('the random source gave another number of bytes than asked')
  const lifetime = policies.challengeLifetime
  const endsAt = await insertMaking(database, { digest: sha256(challenge), ...whose }, lifetime)
  const options = await optionsOf(passkeys, { challenge, userId, exclude, lifetime })
  return { options, expiresAt: timestamp(endsAt) }
}
