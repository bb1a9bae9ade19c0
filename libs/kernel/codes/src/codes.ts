import { encodeTuple, equalBytes, randomDigits, type RandomSource, Secret } from '@strongroom/crypto'
import { spendGuess, type Guessed } from '@strongroom/guesses'
import type { Keystore } from '@strongroom/hsm'
import type { Database, Statements } from '@strongroom/storage'
import type { CodePolicy } from './policy.ts'
import { bringToLife, type CodeWish, findLive, findRefusal, findRequested, insertCode, queueRequests } from './store.ts'

const DIGITS = 6

/** The MAC key of codes, on the app's token. */
export const CODE_USE = 'code'

export interface CodeDeps {
  readonly database: Database
  readonly hsm: Keystore
}

export type Requested = { readonly codeId: string } | { readonly refusedUntil: Date }

/** Asks for a code in the caller's transaction, which also enqueues the job that will draw and send it. */
export async function requestCode(tx: Statements, policy: CodePolicy, wish: CodeWish): Promise<Requested> {
  await tx.run(queueRequests(policy, wish))
  const refusedUntil = await findRefusal(tx, policy, wish)
  if (refusedUntil) return { refusedUntil }
  const { id } = await insertCode(tx, policy, wish)
  return { codeId: id }
}

/**
 * Draws the digits of a code that was asked for, for the job that sends them. Only their MAC is stored. A job that runs
 * again draws again: what it sent before is dead. `undefined`: the code was used, or is no longer worth sending.
 */
export async function drawCode(
  { database, hsm, random }: CodeDeps & { random?: RandomSource },
  policy: CodePolicy,
  codeId: string,
): Promise<{ code: Secret; subject: string; purpose: string } | undefined> {
  const wish = await findRequested(database, policy, codeId)
  if (!wish) return undefined
  const code = new Secret(randomDigits(DIGITS, random))
  const mac = await hsm.mac(CODE_USE, message(policy, wish, code))
  const alive = await bringToLife(database, policy, { codeId, mac })
  return alive === 1 ? { code, ...wish } : undefined
}

/**
 * One guess at the codes of a subject. One HSM call, whatever the number of live codes and whether the subject exists.
 * A right one answers the code's id, which the caller uses up (`useCode`) in the transaction of what it earns.
 */
export function guessCode(
  { database, hsm }: CodeDeps,
  policy: CodePolicy,
  { subject, purpose, code }: { subject: string; purpose: string; code: Secret },
): Promise<Guessed<string>> {
  hsm.assertAvailable()
  const attempt = { subject, purpose: `code-${purpose}` }
  return spendGuess({ database, budget: policy.budget, attempt }, async ({ number }) => {
    // By every version of the key: a code that was drawn before it was rotated is good until it expires.
    const macs = await hsm.macs(CODE_USE, message(policy, { subject, purpose }, code))
    const live = await findLive(database.reading, policy, { subject, purpose, guess: number })
    return live.filter((one) => macs.filter(({ mac }) => equalBytes(one.mac, mac)).length > 0).at(0)?.id
  })
}

/** Bound to subject and purpose: a code of another user, or for another purpose, has another MAC. */
const message = ({ kind }: CodePolicy, { subject, purpose }: Omit<CodeWish, 'group'>, code: Secret) =>
  encodeTuple('code', kind, subject, purpose, code.expose())
