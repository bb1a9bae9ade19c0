import { guessCode, useCode } from '@strongroom/codes'
import { EncodingError, equalBytes, fromBase64, Secret, toHex, toUtf8, verifyEd25519 } from '@strongroom/crypto'
import { type Guessed, spendGuess } from '@strongroom/guesses'
import { implement, reply } from '@strongroom/http'
import { readAccountKey } from '@strongroom/proofs'
import { sql } from '@strongroom/storage'
import { z } from 'zod'
import { type FactorPlace, openPassword, openTotp } from '../wallets/contents.ts'
import { notFound, tooMany, wrongField } from '../wallets/contract.ts'
import type { IdentityDeps } from '../wallets/deps.ts'
import { nameWallet } from '../wallets/names.ts'
import { verifyFactor } from './contract.ts'
import { digestOf, findToken, markVerified, type Token } from './tokens.ts'
import { judgeTotp } from './totp.ts'

type VerifyDeps = Pick<IdentityDeps, 'database' | 'hsm' | 'policies' | 'clock'>

interface Answer {
  readonly token: string
  readonly otp: string
}

export const verify = implement<VerifyDeps>()(verifyFactor, async ({ params, body }, deps) => {
  const { database, hsm } = deps
  const { token, otp } = body.data.attributes
  const name = await nameWallet(hsm, params.walletId)
  const demanded = await findToken(database, digestOf(token))
  if (!demanded || demanded.factorId !== params.factorId || !isNamed(demanded, name)) {
    const known = await hasFactor(deps, { name, factorId: params.factorId })
    return known ? wrongField('/data/attributes/token', 'invalid token') : notFound()
  }
  hsm.assertAvailable()
  const guessed = await guess(deps, demanded, { token, otp })
  if (guessed.outcome === 'exhausted') return tooMany()
  const wrong = wrongField('/data/attributes/otp', 'invalid')
  if (guessed.outcome === 'wrong') return wrong
  return (await guessed.found()) ? reply(204, undefined) : wrong
})

/** As the demand called the wallet, or by its id, which clients that know it put in its place. */
const isNamed = ({ name, lookup }: Token, given: Uint8Array): boolean =>
  equalBytes(name, given) || equalBytes(lookup, given)

const hasFactor = async (
  { database }: VerifyDeps,
  { name, factorId }: { name: Uint8Array; factorId: number },
): Promise<boolean> =>
  (await database.maybe(
    z.object({ id: z.int() }),
    sql`select f.id from identity.factors f join identity.wallets w on w.id = f.wallet_id
         where w.lookup = ${name} and f.id = ${factorId}`,
  )) !== undefined

/** What a right answer earns: to mark the token verified. False where another answer came first. */
type Earned = () => Promise<boolean>

function guess(deps: VerifyDeps, token: Token, answer: Answer): Promise<Guessed<Earned>> {
  switch (token.type) {
    case 'password':
      return guessPassword(deps, token, answer)
    case 'totp':
      return guessTotp(deps, token, answer)
    case 'email':
    case 'phone':
    case 'telegram':
      return guessMailedCode(deps, token, answer)
  }
}

const placeOf = ({ ref, type, walletId, accountId }: Token): FactorPlace => ({
  wallet: { id: walletId, accountId },
  ref,
  type,
})

const marking =
  ({ database, hsm }: VerifyDeps, token: Token): Earned =>
  () =>
    markVerified({ hsm, statements: database }, token)

/** The password's key signs the token's text as it is, not hashed. */
function guessPassword(deps: VerifyDeps, token: Token, { token: text, otp }: Answer): Promise<Guessed<Earned>> {
  const { database, hsm, policies } = deps
  const attempt = { subject: token.ref, purpose: 'factor' }
  return spendGuess({ database, budget: policies.factors.password, attempt }, async () => {
    if (!token.secret) return undefined
    const { accountId } = await openPassword(hsm, placeOf(token), token.secret)
    const publicKey = readAccountKey(accountId)
    const signature = decode(otp)
    if (!publicKey || !signature) return undefined
    return verifyEd25519({ message: toUtf8(text), signature, publicKey }) ? marking(deps, token) : undefined
  })
}

/** A step that was used is used before the guess is settled: of two that bring the same code one is right. */
function guessTotp(deps: VerifyDeps, token: Token, { otp }: Answer): Promise<Guessed<Earned>> {
  const { database, hsm, policies, clock } = deps
  const attempt = { subject: token.ref, purpose: 'factor' }
  return spendGuess({ database, budget: policies.factors.totp, attempt }, async () => {
    if (!token.secret) return undefined
    const { seed } = await openTotp(hsm, placeOf(token), token.secret)
    const step = await judgeTotp(otp, { seed, after: token.lastStep, clock })
    if (step === undefined) return undefined
    const used = await database.run(
      sql`update identity.factors set last_step = ${step} where id = ${token.factorId} and last_step < ${step}`,
    )
    return used === 1 ? marking(deps, token) : undefined
  })
}

async function guessMailedCode(deps: VerifyDeps, token: Token, { otp }: Answer): Promise<Guessed<Earned>> {
  const { database, hsm, policies } = deps
  const asked = { subject: token.ref, purpose: toHex(token.request), code: new Secret(otp) }
  const guessed = await guessCode({ database, hsm }, policies.factors.codes, asked)
  if (guessed.outcome !== 'right') return guessed
  const codeId = guessed.found
  return { outcome: 'right', found: async () => (await useCode(database, codeId)) && marking(deps, token)() }
}

function decode(text: string): Uint8Array | undefined {
  try {
    return fromBase64(text)
  } catch (error) {
    if (error instanceof EncodingError) return undefined
    throw error
  }
}
