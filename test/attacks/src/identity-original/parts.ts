import { createHash, randomInt } from 'node:crypto'
import type { RouterContext } from '@koa/router'
import { verifyIdentity } from '../attacker/identity-key.ts'
import type { FactorRecord, IdentityDatabase, WalletRecord } from './database.ts'

export interface IdentityParts {
  readonly database: IdentityDatabase
  readonly send: (to: string, text: string) => void
}

export interface Request {
  readonly context: RouterContext
  readonly text: string
  readonly body: Body
}

export interface Resource {
  readonly id: string
  readonly type: string
  readonly attributes: Readonly<Record<string, string>>
  readonly relationships?: Readonly<Record<string, { readonly data: { readonly id: string } }>>
}

export interface Body {
  readonly data: Resource
  readonly included?: readonly Resource[]
}

export type Handler = (parts: IdentityParts, request: Request) => Promise<unknown>

export class IdentityRefusal extends Error {
  readonly status: number
  readonly told: object

  constructor(status: number, told: object = {}) {
    super(`refused with ${String(status)}`)
    this.status = status
    this.told = told
  }
}

/** Who signed; the body is not covered, and where a header says what the target is, it is believed. */
export function signerIn({ context }: Request): string {
  const header = context.get('signature') || context.get('authorization')
  const fields = Object.fromEntries(
    [...header.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]),
  )
  const { keyId = '', headers = '', signature = '' } = fields
  const target = `${context.method.toLowerCase()} ${context.url}`
  const lines = headers.split(' ').map((name) => `${name}: ${name === '(request-target)' ? target : context.get(name)}`)
  if (!verifyIdentity(keyId, { text: lines.join('\n'), signature })) throw new IdentityRefusal(401)
  return keyId
}

export async function walletIn(parts: IdentityParts, { context }: Request): Promise<[string, WalletRecord]> {
  const id = context.params['wallet'] ?? ''
  const wallet = await parts.database.wallets.get(id)
  if (!wallet) throw new IdentityRefusal(404)
  return [id, wallet]
}

const sha1 = (text: string): string => createHash('sha1').update(text).digest('hex')

/** One token for whoever sends the same: of method, path and body, of nobody and nowhere. */
const tokenOf = ({ context, text }: Request, prefix: string): string =>
  sha1(`${prefix}${context.method}:${context.path}:${sha1(text)}:`)

/** Refuses until the factor was verified, once; each is used up on its own. */
export async function consume(
  { database, send }: IdentityParts,
  request: Request,
  { id, factor, walletId }: { id: string; factor: FactorRecord; walletId: string },
): Promise<void> {
  const token = tokenOf(request, `${factor.type}-check:`)
  const known = await database.tokens.get(token)
  if (known?.verified === true) return void (await database.tokens.remove(token))
  const isCode = factor.type === 'email'
  const code = isCode ? (known?.code ?? String(randomInt(1_000_000)).padStart(6, '0')) : undefined
  if (!known) await database.tokens.put(token, { factorId: id, verified: false, ...(code !== undefined && { code }) })
  if (code !== undefined) send(factor.secret, `Your code is: ${code}`)
  const { keychain: keychain_data, salt } = factor
  const meta = { token, factor_id: Number(id), factor_type: factor.type, wallet_id: walletId }
  throw new IdentityRefusal(403, {
    code: 'tfa_required',
    detail: 'Additional factor required',
    meta: { ...meta, ...(keychain_data !== undefined && { keychain_data, salt }) },
  })
}
