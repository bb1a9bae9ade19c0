import { randomBytes, randomUUID } from 'node:crypto'
import { Secret } from '@strongroom/crypto'
import { type Binding, HsmUnavailable, type KeyRecord, openKeystore, Unopenable } from '@strongroom/hsm'
import { openProver } from '@strongroom/hsm/inspection'
import type { AppToken } from '@strongroom/service/operator'
import { Refused } from '../outcome.ts'

/** A value that nobody needs: what a second device must open before a ceremony ends. */
export interface Canary {
  readonly envelope: Uint8Array
  readonly binding: Binding
  readonly value: Secret
}

export type Tokens = readonly [AppToken, ...AppToken[]]

interface Known {
  readonly tokens: Tokens
  readonly keys: readonly KeyRecord[]
}

/** Sealed by every token of the app, all of which must be healthy. Throws `Refused`. */
export async function sealCanary({ tokens, keys }: Known): Promise<Canary> {
  const [{ app }] = tokens
  const binding: Binding = { table: 'canary', row: randomUUID(), owner: app, purpose: 'ceremony' }
  const value = new Secret(randomBytes(32))
  const hsm = await openKeystore({ tokens, keys, minRecipients: tokens.length })
  try {
    return { envelope: await hsm.seal(value, binding), binding, value }
  } catch (error) {
    if (!(error instanceof HsmUnavailable)) throw error
    throw new Refused(`the canary is not held by every token (${error.reason}): bring them all, and run this again`)
  } finally {
    await hsm.close()
  }
}

/** On each token alone, by its own recipient. Answers the labels. Throws `Refused` where one does not open it. */
export async function openOnEach({ tokens, keys }: Known, { envelope, binding }: Canary): Promise<readonly string[]> {
  const prover = await openProver({ tokens, keys })
  try {
    const { opensOn } = await prover.prove(envelope, binding)
    const missing = tokens.map(({ tokenLabel }) => tokenLabel).filter((label) => !opensOn.includes(label))
    if (missing.length === 0) return opensOn
    throw new Refused(
      `the canary does not open on "${missing.join('", "')}": these keys are no second copy, begin anew`,
    )
  } finally {
    await prover.close()
  }
}

/** On a device that was given the very keys of the first by the vendor’s means. Throws `Refused`, or what the token throws. */
export async function openOnClone(
  clone: AppToken,
  { keys, canary: { envelope, binding, value } }: { keys: readonly KeyRecord[]; canary: Canary },
): Promise<void> {
  const own = keys.filter(({ token }) => token === undefined)
  // Check values of every key are compared before anything is opened.
  const hsm = await openKeystore({ tokens: [clone], keys: own.map((key) => ({ ...key, token: clone.tokenLabel })) })
  try {
    if (value.equals(await hsm.open(envelope, binding))) return
    throw new Refused('the clone opens the canary to another value: do not use it')
  } catch (error) {
    if (!(error instanceof Unopenable)) throw error
    throw new Refused(`"${clone.tokenLabel}" does not open the canary: it is no clone of the first token`)
  } finally {
    await hsm.close()
  }
}
